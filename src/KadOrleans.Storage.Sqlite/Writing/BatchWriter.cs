using System.Diagnostics.Metrics;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;
using KadOrleans.Core.Values;
using KadOrleans.Storage.Sqlite.Reading;
using KadOrleans.Storage.Sqlite.Segments;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>The only writer of the node's file.</summary>
internal sealed class BatchWriter : GroupCommit<BatchPlan>
{
    /// <summary>The most waiting writes. With values of 8 KB that is 64 MB: a slow disk must not use up the node's memory.</summary>
    public const int QueueCapacity = 8192;

    private readonly BatchPlan _plan;
    private readonly SegmentLog _log;
    private readonly PreparedStatements _statements;
    private readonly SegmentReader _reader;
    private readonly ValueMemory _memory;
    private readonly DatabaseFile _file;
    private readonly ILogger _logger;
    private readonly LogOptions _options;

    // Guards itself: numbers of segments whose repair is under way.
    private readonly HashSet<long> _repairs = [];
    private NodeState? _state;

    /// <summary>Starts writing.</summary>
    public BatchWriter(DatabaseFile file, LoadedDatabase loaded, LogOptions options, ILogger logger)
        : base(file, QueueCapacity, long.MaxValue, logger)
    {
        _state = loaded.State;
        (_file, _logger, _options, _memory) = (file, logger, options, loaded.Values);
        _plan = new BatchPlan(loaded.Values, loaded.Segments, loaded.Publications);
        _reader = new SegmentReader(file.Connection);
        _memory.ReadForWriter = Read;
        _statements = new PreparedStatements(file.Connection);
        _log = new SegmentLog(file, loaded.Segments, loaded.Values, options)
        {
            OnDamage = Repair,
        };
        StorageMetrics.Begin();
        SplitMore();
        Start();
    }

    /// <summary>Does something while nobody reads from the file.</summary>
    public Action<Action> PauseReaders { get; set; } = static action => action();

    /// <summary>The node state that was committed last.</summary>
    public NodeState? State => Volatile.Read(ref _state);

    /// <summary>Has a damaged segment replaced. Any thread may ask.</summary>
    public void Repair(long number)
    {
        lock (_repairs)
        {
            if (!_repairs.Add(number))
            {
                return;
            }
        }

        _ = RepairAsync(number);
    }

    protected override BatchPlan Context => _plan;

    protected override bool IsConclusive => _plan.WritesValues;

    protected override bool Plan(List<DatabaseOperation<BatchPlan>> batch)
    {
        _plan.Clear();
        foreach (var write in batch)
        {
            write.Run(_plan);
        }

        return !_plan.IsEmpty;
    }

    protected override void Write(List<DatabaseOperation<BatchPlan>> batch)
    {
        _memory.BeginCommit();
        _plan.WriteTo(_log, _statements);
    }

    protected override void Committed(TimeSpan duration)
    {
        StorageMetrics.Wrote(duration);
        if (_file.LogLength > _options.MaxWriteAheadBytes)
        {
            PauseReaders(RestartLog);
        }
    }

    protected override void Apply()
    {
        _plan.Apply(_log);
        _memory.EndCommit();
        Volatile.Write(ref _state, _plan.State ?? _state);
        if (_plan.Splits)
        {
            SplitMore();
        }
    }

    protected override void Abandon()
    {
        StorageMetrics.Failed();
        _log.Abandon();
        _plan.Abandon();
        _memory.EndCommit();
    }

    protected override void CompleteBatch(List<DatabaseOperation<BatchPlan>> batch, Exception? failure)
    {
        if (batch.Count > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Completions([.. batch], failure), preferLocal: true);
        }
    }

    protected override void Close()
    {
        _log.Dispose();
        _reader.Dispose();
        _statements.Dispose();
    }

    // Little by little, between the writes of others.
    private void SplitMore()
    {
        if (_log.HasLarge)
        {
            TryEnqueue(new SplitOperation());
        }
    }

    // What was committed stays so if this fails; the next commit tries again.
    private void RestartLog()
    {
        try
        {
            _file.Connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException exception)
        {
            StorageLog.LogNotRestarted(_logger, exception, _file.Path);
        }
    }

    // A commit cannot move the record meanwhile, as this is the thread that commits.
    private StoredValue? Read(HeldKey held)
    {
        var address = _memory.AddressOf(held);
        if (_reader.TryRead(address, held.Key, out var value) == ReadResult.Read)
        {
            return value;
        }

        Repair(address.Number);
        return null;
    }

    private async Task RepairAsync(long number)
    {
        var write = new RepairOperation(number);
        try
        {
            if (TryEnqueue(write) && await write.Task is var (kept, lost))
            {
                StorageLog.SegmentReplaced(_logger, number, _file.Path, kept, lost);
            }
        }
        catch (Exception exception)
        {
            // The next read of it asks again.
            StorageLog.SegmentNotReplaced(_logger, exception, number, _file.Path);
        }

        lock (_repairs)
        {
            _repairs.Remove(number);
        }
    }

    protected override Exception Closed() => new ObjectDisposedException(nameof(SqliteDatabase));

    /// <summary>
    /// Completes the operations of one batch, one after another, in one work item of the thread pool. Callers of puts continue there, so
    /// they must not block. The writer does not complete them itself: no commit may wait for what callers do next. If the writer has
    /// nothing more to do, its thread takes the item at once. The item costs once per batch.
    /// </summary>
    private sealed class Completions(DatabaseOperation<BatchPlan>[] batch, Exception? failure) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            foreach (var operation in batch)
            {
                GroupCommit<BatchPlan>.Complete(operation, failure);
            }
        }
    }
}

/// <summary>The metrics of writes, on the node's meter. Grain storage uses the same names with other targets.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("KadOrleans");
    private static readonly KeyValuePair<string, object?> Target = new("kad.storage.target", "Node");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "kad.storage.write.duration",
        "s",
        "Time until a write was durable, by target.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("kad.storage.write.failures", "{write}", "Writes that failed, by target.");

    /// <summary>Creates the counter's series at 0.</summary>
    public static void Begin() => Failures.Add(0, Target);

    /// <summary>Counts a committed transaction.</summary>
    public static void Wrote(TimeSpan duration) => Duration.Record(duration.TotalSeconds, Target);

    /// <summary>Counts a failed transaction.</summary>
    public static void Failed() => Failures.Add(1, Target);
}
