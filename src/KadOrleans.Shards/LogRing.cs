using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

// The records of a shard's log, in a ring of slots. So rows are bounded and never deleted. As no row is deleted and each has its
// sequence, a matching ETag proves that nobody wrote the slot meanwhile.
internal sealed class LogRing(IRecordStorage storage)
{
    /// <summary>The number of slots. It exceeds the records at which a compaction begins, so writes go on while compactions fail.</summary>
    public const int Slots = 256;

    /// <summary>Compacted records longer than this are emptied at once, before their slot is used again.</summary>
    private const int MaxStaleLength = 4096;

    private const int MaxParallel = 8;

    private static readonly string[] Names = [.. Enumerable.Range(0, Slots).Select(RecordNames.Log)];

    private readonly Slot[] _slots = new Slot[Slots];

    public async Task<(SlotState State, LogRecord? Record)> ReadAsync(long sequence)
    {
        var name = NameOf(sequence);
        var (record, etag) = await storage.ReadAsync<LogRecord>(name);
        Of(sequence) = new Slot(true, etag, record?.Entries.Length ?? 0);
        if (record is null || record.Sequence < sequence)
        {
            return (SlotState.Free, null);
        }

        return record.Sequence == sequence && !record.IsCompacted ? (SlotState.Written, record) : (SlotState.Overtaken, null);
    }

    // Writes a record into its slot, which must be free. StorageConflictException: another activation wrote there.
    public async Task WriteAsync(LogRecord record)
    {
        // In the first round a slot was never written, and its ETag is null.
        var isKnown = Of(record.Sequence).IsKnown || record.Sequence <= Slots;
        if (!isKnown && (await ReadAsync(record.Sequence)).State != SlotState.Free)
        {
            throw new StorageConflictException($"{NameOf(record.Sequence)} is not free.");
        }

        await OverwriteAsync([record]);
    }

    /// <summary>Empties the slots of long records that are in the pages. A failure leaves a slot as it is.</summary>
    public async Task ReleaseAsync(long first, long end)
    {
        var records = Enumerable.Range(0, (int)(end - first))
            .Select(i => first + i)
            .Where(sequence => Of(sequence) is { IsKnown: true, Length: > MaxStaleLength });
        foreach (var some in records.ToList().Chunk(MaxParallel))
        {
            await OverwriteAsync([.. some.Select(sequence => new LogRecord { Sequence = sequence, IsCompacted = true })]);
        }
    }

    private static string NameOf(long sequence) => Names[sequence % Slots];

    private ref Slot Of(long sequence) => ref _slots[sequence % Slots];

    private async Task OverwriteAsync(LogRecord[] records)
    {
        RecordWrite[] writes = [.. records.Select(record => new RecordWrite(NameOf(record.Sequence), record, Of(record.Sequence).ETag))];
        Array.ForEach(records, record => Of(record.Sequence) = default);
        foreach (var (record, etag) in records.Zip(await Task.WhenAll(storage.WriteAsync(writes))))
        {
            Of(record.Sequence) = new Slot(true, etag, record.Entries.Length);
        }
    }

    private readonly record struct Slot(bool IsKnown, string? ETag, int Length);
}
