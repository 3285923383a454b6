namespace KadOrleans.Grains;

/// <summary>Finds out whether grain storage takes writes, by one record that all silos share.</summary>
internal sealed class StorageCheck(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage, IGrainFactory grains, TimeProvider time)
{
    /// <summary>A read that takes longer tells of slow storage, and nothing of writes.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1.5);

    /// <summary>As long as STOREs wait, after which they are given up.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The reads before a write that must be served, each followed by a write that fails: storage that goes away fails one write.</summary>
    public const int Tries = 2;

    /// <summary>
    /// Writes the record. That another silo wrote it at the same time is a write that was taken. A write that fails is tried once more, and
    /// writes are refused if reads were served before both.
    /// </summary>
    public async Task<(WriteHealth Health, string? Problem)> WriteAsync()
    {
        var id = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
        var (reads, writes) = (Records(ReadTimeout), Records(WriteTimeout));
        string? problem = null;
        for (var tried = 0; tried < Tries; tried++)
        {
            string? etag;
            try
            {
                (_, etag) = await reads.ReadAsync<StorageCheckState>(StateNames.StorageCheck);
            }
            catch (Exception e)
            {
                return (WriteHealth.Unknown, e.Message);
            }

            try
            {
                await writes.WriteAsync(StateNames.StorageCheck, new StorageCheckState { WrittenAt = time.GetUtcNow() }, etag);
                return (WriteHealth.Taken, null);
            }
            catch (StorageConflictException)
            {
                return (WriteHealth.Taken, null);
            }
            catch (Exception e)
            {
                problem = e.Message;
            }
        }

        return (WriteHealth.Refused, problem);

        GrainRecordStorage Records(TimeSpan timeout) => new(storage, id, time, timeout, WriteTarget.Check);
    }
}

/// <summary>What becomes of writes to grain storage.</summary>
internal enum WriteHealth
{
    Taken,

    /// <summary>They fail while reads are served.</summary>
    Refused,

    /// <summary>Reads fail too, or are slow.</summary>
    Unknown,
}

/// <summary>The record of <see cref="StorageCheck"/>. Nobody needs what is in it.</summary>
[GenerateSerializer]
[Alias("kad.StorageCheckState")]
internal sealed class StorageCheckState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public DateTimeOffset WrittenAt { get; set; }
}
