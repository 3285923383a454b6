using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// The records of a shard's log, which take turns in a fixed number of slots: rows are bounded, and none is ever deleted.
/// Because none is, and each carries its sequence, a matching ETag proves that the slot was not written in between.
/// </summary>
internal sealed class ShardLogRing(IRecordStorage storage)
{
    /// <summary>Slots: more than the records at which a compaction begins, so that writes go on if compactions fail for a while.</summary>
    public const int Slots = 256;

    /// <summary>Content that is compacted and longer than this is not left in its slot until the slot's next turn.</summary>
    private const int MaxStaleLength = 4096;

    /// <summary>Slots emptied at once.</summary>
    private const int MaxParallel = 8;

    private static readonly string[] Names = [.. Enumerable.Range(0, Slots).Select(StateNames.ShardLog)];

    private readonly Slot[] _slots = new Slot[Slots];

    /// <summary>Reads what is at a place of the log.</summary>
    public async Task<(LogPlace Place, ShardLogState? Record)> ReadAsync(long sequence)
    {
        var name = NameOf(sequence);
        var (record, etag) = await storage.ReadAsync<ShardLogState>(name);
        Of(sequence) = new Slot(true, etag, record?.Entries.Length ?? 0);
        if (record is null || record.Sequence < sequence)
        {
            return (LogPlace.Free, null);
        }

        return record.Sequence == sequence && !record.IsCompacted ? (LogPlace.Written, record) : (LogPlace.Overtaken, null);
    }

    /// <summary>Writes a record at its place, which must be free.</summary>
    /// <exception cref="StorageConflictException">It is not: another activation wrote there.</exception>
    /// <remarks>In the first round a slot was never written, which is an ETag too: none.</remarks>
    public Task WriteAsync(ShardLogState record) =>
        Of(record.Sequence).IsKnown || record.Sequence <= Slots ? OverwriteAsync(record) : ReadAndWriteAsync(record);

    /// <summary>Empties the slots of records that are in the pages, where they are long. What fails is left as it is.</summary>
    /// <param name="first">The first such record.</param>
    /// <param name="end">The first behind them.</param>
    public async Task ReleaseAsync(long first, long end)
    {
        var records = Enumerable.Range(0, (int)(end - first))
            .Select(i => first + i)
            .Where(sequence => Of(sequence) is { IsKnown: true, Length: > MaxStaleLength });
        foreach (var some in records.ToList().Chunk(MaxParallel))
        {
            await Task.WhenAll(some.Select(
                sequence => OverwriteAsync(new ShardLogState { Sequence = sequence, IsCompacted = true })));
        }
    }

    private async Task ReadAndWriteAsync(ShardLogState record)
    {
        if ((await ReadAsync(record.Sequence)).Place != LogPlace.Free)
        {
            throw new StorageConflictException($"{NameOf(record.Sequence)} is not free.");
        }

        await OverwriteAsync(record);
    }

    private static string NameOf(long sequence) => Names[sequence % Slots];

    private ref Slot Of(long sequence) => ref _slots[sequence % Slots];

    private async Task OverwriteAsync(ShardLogState record)
    {
        var etag = Of(record.Sequence).ETag;
        Of(record.Sequence) = default;
        etag = await storage.WriteAsync(NameOf(record.Sequence), record, etag);
        Of(record.Sequence) = new Slot(true, etag, record.Entries.Length);
    }

    private readonly record struct Slot(bool IsKnown, string? ETag, int Length);
}

/// <summary>What a reader finds where a log record is expected.</summary>
internal enum LogPlace
{
    /// <summary>Nothing, or a record of an earlier round: the log ends here.</summary>
    Free,

    /// <summary>The record.</summary>
    Written,

    /// <summary>A later one, or one whose changes moved into the pages: the reader's manifest is old.</summary>
    Overtaken,
}
