using System.Threading.Channels;
using KadOrleans.SqliteFiles;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>
/// The one user of the connection. While a transaction is on its way to the disk, the writes that arrive gather in the
/// queue, and the next transaction takes them together: the more load, the fewer commits per write. Reads of a batch run
/// before its transaction, so that they see only what is committed.
/// </summary>
internal sealed class GrainWriter
{
    /// <summary>
    /// Operations that may wait. A grain has few at a time, so that many grains wait for the disk before others wait for
    /// room here.
    /// </summary>
    public const int QueueCapacity = 4096;

    /// <summary>Bytes of one transaction, roughly, unless one write has more: a bound on its log and on the wait for it.</summary>
    public const int MaxBatchBytes = 32 * 1024 * 1024;

    private readonly Channel<GrainOperation> _queue = Channel.CreateBounded<GrainOperation>(
        new BoundedChannelOptions(QueueCapacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private readonly DatabaseFile _file;
    private readonly ILogger _logger;
    private readonly Task _loop;
    private bool _failing;
    private long _commits;

    /// <summary>Starts working on a file.</summary>
    public GrainWriter(DatabaseFile file, ILogger logger)
    {
        _file = file;
        _logger = logger;
        var statements = new GrainStatements(file.Connection);
        _loop = Task.Run(() => RunAsync(statements));
    }

    /// <summary>Transactions committed so far.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Adds an operation to the queue; false if there is no room now, or the writer is stopped.</summary>
    public bool TryEnqueue(GrainOperation operation) => _queue.Writer.TryWrite(operation);

    /// <summary>Adds an operation to the queue, waiting for room.</summary>
    /// <exception cref="ChannelClosedException">The writer is stopped.</exception>
    public ValueTask EnqueueAsync(GrainOperation operation) => _queue.Writer.WriteAsync(operation);

    /// <summary>Takes nothing more; completes when what is queued is done.</summary>
    public Task StopAsync()
    {
        _queue.Writer.TryComplete();
        return _loop;
    }

    private async Task RunAsync(GrainStatements statements)
    {
        using (statements)
        {
            var reads = new List<GrainOperation>();
            var writes = new List<GrainOperation>();
            while (await _queue.Reader.WaitToReadAsync())
            {
                Take(reads, writes);
                Read(reads, statements);
                if (writes.Count > 0)
                {
                    Write(writes, statements);
                }

                reads.Clear();
                writes.Clear();
            }
        }
    }

    private void Take(List<GrainOperation> reads, List<GrainOperation> writes)
    {
        var bytes = 0L;
        while (bytes < MaxBatchBytes && reads.Count + writes.Count < QueueCapacity && _queue.Reader.TryRead(out var operation))
        {
            (operation.IsWrite ? writes : reads).Add(operation);
            bytes += operation.Size;
        }
    }

    // Here and below, whatever is thrown must fail its waiters: if the loop ended, all later operations would wait forever.
    private void Read(List<GrainOperation> reads, GrainStatements statements)
    {
        foreach (var read in reads)
        {
            try
            {
                read.Run(statements);
                read.Complete();
            }
            catch (Exception exception)
            {
                read.Fail(_file.Unreadable(exception));
            }
        }
    }

    private void Write(List<GrainOperation> writes, GrainStatements statements)
    {
        try
        {
            _file.Connection.BeginWriting();
            writes.RemoveAll(write => !TryRun(write, statements));
            _file.Connection.Commit();
        }
        catch (Exception exception)
        {
            Fail(writes, exception);
            RollBack();
            return;
        }

        Volatile.Write(ref _commits, _commits + 1);
        if (_failing)
        {
            _failing = false;
            GrainStorageLog.WritingAgain(_logger, _file.Path);
        }

        foreach (var write in writes)
        {
            write.Complete();
        }
    }

    // A failure that left the transaction open undid its own statement and nothing else.
    private bool TryRun(GrainOperation write, GrainStatements statements)
    {
        try
        {
            write.Run(statements);
            return true;
        }
        catch (Exception exception) when (_file.Connection.IsInTransaction())
        {
            Fail([write], exception);
            return false;
        }
    }

    private void RollBack()
    {
        try
        {
            _file.Connection.RollBack();
        }
        catch (SqliteException exception)
        {
            // The waiters know already; the next batch begins with another attempt.
            GrainStorageLog.RollbackFailed(_logger, exception, _file.Path);
        }
    }

    private void Fail(List<GrainOperation> writes, Exception cause)
    {
        // Once per outage: a full disk fails a batch every few milliseconds.
        if (!_failing)
        {
            _failing = true;
            GrainStorageLog.WritingFailed(_logger, cause, _file.Path, writes.Count);
        }

        foreach (var write in writes)
        {
            write.Fail(_file.Unwritable(cause));
        }
    }
}
