using System.Diagnostics;
using System.Threading.Channels;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Loading;
using KadOrleans.Storage.Sqlite.Segments;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>
/// The one writer of the file. While a transaction is on its way to the disk, the writes that arrive gather in the
/// queue, and the next transaction takes them together: the more load, the fewer commits per write.
/// </summary>
internal sealed class BatchWriter
{
    /// <summary>
    /// Writes that may wait. With values of 8 KB that is 64 MB; a disk that is this far behind must not take the
    /// node's memory too.
    /// </summary>
    public const int QueueCapacity = 8192;

    /// <summary>Writes of one transaction; the rest of the queue goes into the next.</summary>
    public const int MaxBatch = 4096;

    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(5);

    private readonly Channel<Write> _queue = Channel.CreateBounded<Write>(new BoundedChannelOptions(QueueCapacity)
    {
        FullMode = BoundedChannelFullMode.Wait,
        SingleReader = true,
    });

    private readonly DatabaseFile _file;
    private readonly BatchPlan _plan;
    private readonly ILogger _logger;
    private readonly Task _loop;
    private NodeState? _state;
    private string? _problem;
    private long _failedAt;
    private string? _displaced;
    private bool _isSaved;
    private long _commits;

    /// <summary>Starts writing.</summary>
    public BatchWriter(DatabaseFile file, LoadedDatabase loaded, LogOptions options, ILogger logger)
    {
        _file = file;
        _state = loaded.State;
        _logger = logger;
        _plan = new BatchPlan(loaded.Values, loaded.Publications);
        var statements = new PreparedStatements(file.Connection);
        StorageMetrics.Begin();
        var log = new SegmentLog(file, loaded.Segments, loaded.Values, options)
        {
            OnDamage = number => StorageLog.SegmentRewritten(logger, number, file.Path),
        };
        _loop = Task.Run(() => RunAsync(log, statements));
    }

    /// <summary>The node state that was committed last.</summary>
    public NodeState? State => Volatile.Read(ref _state);

    /// <summary>Transactions committed so far.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Why the last write failed, in one sentence; null once one works.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Adds a write to the queue without waiting. False if the queue is full or stopped.</summary>
    public bool TryEnqueue(Write write) => _queue.Writer.TryWrite(write);

    /// <summary>Adds a write to the queue, waiting for room.</summary>
    /// <exception cref="ChannelClosedException">The writer is stopped.</exception>
    public ValueTask EnqueueAsync(Write write, CancellationToken cancellationToken) =>
        _queue.Writer.WriteAsync(write, cancellationToken);

    /// <summary>Takes no more writes; completes when those in the queue are done.</summary>
    public Task StopAsync()
    {
        _queue.Writer.TryComplete();
        return _loop;
    }

    private async Task RunAsync(SegmentLog log, PreparedStatements statements)
    {
        using (log)
        using (statements)
        {
            var batch = new List<Write>(MaxBatch);
            while (await _queue.Reader.WaitToReadAsync())
            {
                while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var write))
                {
                    batch.Add(write);
                }

                WriteBatch(batch, log, statements);
                Acknowledgements.Send(batch);
                batch.Clear();
            }

            if (_displaced is not null && !_isSaved)
            {
                SaveDisplaced();
            }
        }
    }

    // Whatever is thrown fails this batch and no other: if the loop ended here, all later writes would wait forever.
    private void WriteBatch(List<Write> batch, SegmentLog log, PreparedStatements statements)
    {
        try
        {
            _plan.Clear();
            CheckInPlace();
            foreach (var write in batch)
            {
                write.Plan(_plan);
            }

            if (_plan.IsEmpty)
            {
                _plan.Apply(log);
            }
            else
            {
                Commit(log, statements);
            }
        }
        catch (Exception exception)
        {
            _plan.Abandon();
            Fail(batch, exception);
            return;
        }

        foreach (var write in batch)
        {
            write.Complete();
        }
    }

    private void Commit(SegmentLog log, PreparedStatements statements)
    {
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            _file.Connection.BeginWriting();
            _plan.WriteTo(log, statements);
            _file.Connection.Commit();
            CheckInPlace();
        }
        catch
        {
            log.Abandon();
            RollBack();
            throw;
        }

        StorageMetrics.Wrote(startedAt);
        _plan.Apply(log);
        Volatile.Write(ref _state, _plan.State ?? _state);
        Volatile.Write(ref _commits, _commits + 1);
        if (_problem is not null && IsOver())
        {
            Volatile.Write(ref _problem, null);
            StorageLog.WritingAgain(_logger, _file.Path);
        }
    }

    // A commit to a file that was removed is as good as none. Once it was, memory and the file at the path are apart for good.
    private void CheckInPlace()
    {
        if (_displaced is null)
        {
            _displaced = _file.FindDisplaced();
            if (_displaced is null)
            {
                return;
            }

            _file.Connection.RollBack();
            SaveDisplaced();
        }

        throw _file.Displaced(_displaced);
    }

    private void SaveDisplaced()
    {
        (_isSaved, var outcome) = _file.SaveDisplaced(_displaced!);
        StorageLog.Displaced(_logger, _displaced!, outcome);
    }

    // One write that works ends no outage: on a full disk a small one does now and then.
    private bool IsOver() =>
        _file.HasRoom() || (_plan.WritesValues && Stopwatch.GetElapsedTime(_failedAt) > QuietTime);

    private void RollBack()
    {
        try
        {
            _file.Connection.RollBack();
        }
        catch (SqliteException exception)
        {
            // The cause of the failure is on its way to the waiters; Begin rolls back again before the next batch.
            StorageLog.RollbackFailed(_logger, exception, _file.Path);
        }
    }

    private void Fail(List<Write> batch, Exception cause)
    {
        StorageMetrics.Failed();

        // Once per outage: a full disk fails a batch every few milliseconds.
        if (_problem is null && _displaced is null)
        {
            StorageLog.WritingFailed(_logger, cause, _file.Path, batch.Count);
        }

        _failedAt = Stopwatch.GetTimestamp();
        var failure = _displaced is null ? _file.Unwritable(cause) : cause;
        Volatile.Write(ref _problem, failure.Message);
        foreach (var write in batch)
        {
            write.Fail(failure);
        }
    }
}
