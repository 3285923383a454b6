namespace KadOrleans.Lab;

/// <summary>
/// The operations of one shard's storage. Constants are those of the shard's log. Tests of the grains compare both with what real shards
/// do.
/// </summary>
public static class ShardCosts
{
    /// <summary>The bytes of a value's entry in a record or page, without the value.</summary>
    public const int EntryOverhead = 64;

    public const int RemovalBytes = 21;

    public const int CompactRecords = 96;

    public const double CompactBytes = 2 << 20;

    public const double PageBytes = 64 << 10;

    public const double MaxRecordBytes = 512 << 10;

    public const double MaxRecordChanges = 4096;

    public const double MaxStaleBytes = 4096;

    public const double MaxExpiredPerRecord = 1024;

    private const int MaxReads = 16;
    private const double MaxMergedBytes = 1 << 20;
    private const double LeastBytesForKeys = 32 << 10;

    public static double EntryBytes(int valueBytes) => EntryOverhead + valueBytes;

    /// <summary>
    /// Log records for each put. Puts that arrive while a record is written share the next one. For arrivals at random a cycle from write to
    /// write lasts <c>w + e^(-rw) / r</c>.
    /// </summary>
    public static double RecordsPerPut(double putsPerSecond, TimeSpan write, int valueBytes)
    {
        var during = putsPerSecond * write.TotalSeconds;
        var most = Math.Min(MaxRecordChanges, Math.Max(1, Math.Floor(MaxRecordBytes / (EntryBytes(valueBytes) + RemovalBytes))));
        return Math.Max(1 / most, 1 / (during + Math.Exp(-during)));
    }

    /// <summary>The most puts a second that one shard takes: full records one after another.</summary>
    public static double MaxPutsPerSecond(TimeSpan write, int valueBytes) =>
        1 / (RecordsPerPut(1e12, write, valueBytes) * write.TotalSeconds);

    /// <summary>The records between two compactions. Under load the moment when no write waits comes later.</summary>
    public static double RecordsPerCompaction(double putsPerSecond, TimeSpan write, double recordBytes)
    {
        var least = Math.Clamp(CompactBytes / recordBytes, 1, CompactRecords);
        var wait = Math.Min(CompactRecords, Math.Exp(putsPerSecond * write.TotalSeconds) - 1);
        return least + wait;
    }

    /// <remarks>
    /// It reads and writes the slot of each new page, reads and empties the replaced pages, writes the manifest twice, and empties long
    /// records. It replaces newest pages that are not much larger than its log. At a steady number of keys it replaces as many bytes of the
    /// oldest pages as its log has. Pages of larger values have a record of their keys each.
    /// </remarks>
    public static Operations Compaction(double records, double recordBytes, int valueBytes)
    {
        const int compactions = 64;
        var log = records * recordBytes;
        var runs = new Stack<double>();
        var (written, replaced, withKeys) = (log / PageBytes * compactions, log / PageBytes * compactions, 1);
        for (var i = 0; i < compactions; i++)
        {
            var bytes = log;
            while (runs.TryPeek(out var run) && run < MaxMergedBytes && run <= 2 * bytes)
            {
                bytes += runs.Pop();
                replaced += Math.Ceiling(run / PageBytes);
            }

            runs.Push(bytes);
            written += Math.Ceiling(bytes / PageBytes);
            withKeys = bytes >= LeastBytesForKeys && 3 * EntryOverhead <= EntryBytes(valueBytes) ? 2 : 1;
        }

        var pages = withKeys * (written + replaced) / compactions;
        return new Operations(Reads: pages, Writes: 2 + pages + (recordBytes > MaxStaleBytes ? records : 0));
    }

    /// <summary>The reads of one activation: the manifest, the times, the pages, and the log in steps of 1, 2, 4, 8 and then 16 records.</summary>
    public static double ActivationReads(double pages, int records)
    {
        var read = 0;
        for (var step = 1; read <= records; step = Math.Min(2 * step, MaxReads))
        {
            read += step;
        }

        return 2 + pages + read;
    }

    /// <summary>The reads of an activation that finds a log of any length up to a compaction.</summary>
    public static double MeanActivationReads(double pages) =>
        Enumerable.Range(0, CompactRecords).Average(records => ActivationReads(pages, records));

    /// <summary>The pages of a shard: its values twice over at most.</summary>
    public static double Pages(double keys, int valueBytes) => Math.Ceiling(2 * keys * EntryBytes(valueBytes) / PageBytes);
}

public readonly record struct Operations(double Reads, double Writes)
{
    public static Operations operator *(Operations one, double times) => new(one.Reads * times, one.Writes * times);

    public static Operations operator +(Operations one, Operations other) => new(one.Reads + other.Reads, one.Writes + other.Writes);
}
