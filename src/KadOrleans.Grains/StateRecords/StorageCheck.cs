namespace KadOrleans.Grains;

/// <summary>Finds out whether grain storage takes writes, by one record that all silos share.</summary>
internal sealed class StorageCheck(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage, IGrainFactory grains, StateVersion version, TimeProvider time)
{
    /// <summary>Longer than any write of healthy storage. STOREs are given up after 4 s.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Writes the record. Returns the problem, or null if there is none. That another silo wrote at the same time is none.</summary>
    public async Task<string?> WriteAsync()
    {
        var id = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
        var record = new GrainRecordStorage(storage, id, version, time, Timeout, WriteTarget.Check);
        try
        {
            var (_, etag) = await record.ReadAsync<StorageCheckState>(StateNames.StorageCheck);
            await record.WriteAsync(StateNames.StorageCheck, new StorageCheckState { WrittenAt = time.GetUtcNow() }, etag);
            return null;
        }
        catch (StorageConflictException)
        {
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }
}

/// <summary>The record of <see cref="StorageCheck"/>. Nobody needs what is in it.</summary>
[GenerateSerializer]
[Alias("kad.StorageCheckState")]
internal sealed class StorageCheckState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public DateTimeOffset WrittenAt { get; set; }
}
