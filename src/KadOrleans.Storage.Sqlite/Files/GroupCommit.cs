using System.Diagnostics;
using System.Threading.Channels;

namespace KadOrleans.Storage.Sqlite;

// The only user of a database's connection. Operations that arrive during a transaction share the next one. A failed transaction
// is rolled back, and fails only its own operations. The queue has room for so many; a transaction has about so many bytes,
// unless a single operation has more.
internal abstract class GroupCommit<TContext>(DatabaseFile file, int capacity, long maxBatchBytes, ILogger logger)
    : IAsyncDisposable
{
    /// <summary>The most operations of one transaction. The rest of the queue goes into the next.</summary>
    public const int MaxBatch = 4096;

    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(5);

    private readonly Channel<DatabaseOperation<TContext>> _queue = Channel.CreateBounded<DatabaseOperation<TContext>>(
        new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private Task _loop = Task.CompletedTask;
    private string? _problem;
    private long _failedAt;
    private string? _displaced;
    private bool _isSaved;
    private volatile bool _isStopped;
    private long _commits;

    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Whether more than half of the queue is taken.</summary>
    public bool IsCrowded => _queue.Reader.Count > capacity / 2;

    public bool IsStopped => _isStopped;

    /// <summary>Why the last transaction failed, in one sentence; null once one works.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Whether one successful transaction shows that an outage is over. On a full disk a small one sometimes succeeds.</summary>
    protected virtual bool IsConclusive => true;

    protected abstract TContext Context { get; }

    /// <summary>Adds an operation to the queue without waiting. Returns false if the queue is full or stopped.</summary>
    public bool TryEnqueue(DatabaseOperation<TContext> operation) => _queue.Writer.TryWrite(operation);

    /// <summary>Queues an operation, waiting for room, and waits until it is committed.</summary>
    /// <exception cref="Exception">
    /// It failed, with the exception of <see cref="DatabaseKind.Fault"/>, or of <see cref="Closed"/> if the writer is stopped.
    /// </exception>
    public Task<TResult> RunAsync<TResult>(DatabaseOperation<TContext, TResult> operation, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return TryEnqueue(operation) ? operation.Task.WaitAsync(cancellationToken) : WaitAndRunAsync(operation, cancellationToken);
    }

    /// <summary>Takes no more operations. Completes when those in the queue are done.</summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _isStopped = true;
        _queue.Writer.TryComplete();
        await _loop;
    }

    protected void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Decides the changes of a batch. Returns false if there is nothing to write.</summary>
    protected virtual bool Decide(List<DatabaseOperation<TContext>> batch) => true;

    /// <summary>Writes the planned changes in the open transaction. Operations that fail individually are taken out of the batch.</summary>
    protected abstract void Write(List<DatabaseOperation<TContext>> batch);

    /// <summary>Applies the planned changes to memory, after the commit or if there was nothing to write.</summary>
    protected virtual void Apply()
    {
    }

    /// <summary>Drops the planned changes, as they were not committed.</summary>
    protected virtual void Abandon()
    {
    }

    protected virtual void Committed(TimeSpan duration)
    {
    }

    /// <summary>Completes the tasks of a batch, whose list is used again. The failure is null if it is committed.</summary>
    protected virtual void CompleteBatch(List<DatabaseOperation<TContext>> batch, Exception? failure)
    {
        foreach (var operation in batch)
        {
            Complete(operation, failure);
        }
    }

    /// <summary>Called between two batches, without a transaction. It must not fail.</summary>
    protected virtual void AfterBatch()
    {
    }

    /// <summary>Ends the process at once, as memory and file may differ. Tests do something else.</summary>
    protected virtual void EndProcess(string message, Exception exception) => Environment.FailFast(message, exception);

    protected abstract void Close();

    /// <summary>The exception for a call after <see cref="DisposeAsync"/>.</summary>
    protected abstract Exception Closed();

    protected static void Complete(DatabaseOperation<TContext> operation, Exception? failure)
    {
        if (failure is null)
        {
            operation.Complete();
        }
        else
        {
            operation.Fail(failure);
        }
    }

    // Runs an operation in the open transaction. If it fails and the transaction is still open, only its own statement was
    // undone. Then only its caller gets the failure, and the others go on.
    protected bool TryRun(DatabaseOperation<TContext> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        try
        {
            operation.Run(Context);
            return true;
        }
        catch (Exception exception) when (file.Connection.IsInTransaction())
        {
            operation.Fail(FailureOf(exception, count: 1));
            return false;
        }
    }

    // Logs once per outage, as a full disk fails a batch every few milliseconds. Returns the exception for the callers.
    private Exception FailureOf(Exception cause, int count)
    {
        if (_problem is null && _displaced is null)
        {
            GroupCommitLog.WritingFailed(logger, cause, file.Path, count);
        }

        _failedAt = Stopwatch.GetTimestamp();
        var failure = _displaced is null ? file.Folder.Unwritable(cause) : cause;
        Volatile.Write(ref _problem, failure.Message);
        return failure;
    }

    private async Task<TResult> WaitAndRunAsync<TResult>(DatabaseOperation<TContext, TResult> operation, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync(operation, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw Closed();
        }

        return await operation.Task.WaitAsync(cancellationToken);
    }

    private async Task RunAsync()
    {
        var batch = new List<DatabaseOperation<TContext>>(MaxBatch);
        try
        {
            while (await _queue.Reader.WaitToReadAsync())
            {
                Take(batch);
                Run(batch);
                batch.Clear();
            }

            if (_displaced is not null && !_isSaved)
            {
                SaveDisplaced();
            }
        }
        finally
        {
            Close();
        }
    }

    private void Take(List<DatabaseOperation<TContext>> batch)
    {
        var bytes = 0L;
        while (batch.Count < MaxBatch && bytes < maxBatchBytes && _queue.Reader.TryRead(out var operation))
        {
            batch.Add(operation);
            bytes += operation.Size;
        }
    }

    // An exception before the commit fails only this batch: if the loop ended here, all later operations would wait for ever.
    private void Run(List<DatabaseOperation<TContext>> batch)
    {
        Exception? failure = null;
        try
        {
            batch.RemoveAll(operation => !operation.IsWrite && Read(operation));
            if (batch.Count > 0)
            {
                CheckInPlace();
                Commit(batch);
            }
        }
        catch (Exception exception)
        {
            RollBack();
            Abandon();
            failure = FailureOf(exception, batch.Count);
        }

        CompleteBatch(batch, failure);
        AfterBatch();
    }

    private bool Read(DatabaseOperation<TContext> operation)
    {
        try
        {
            operation.Run(Context);
            operation.Complete();
        }
        catch (Exception exception)
        {
            operation.Fail(file.Folder.Unreadable(exception));
        }

        return true;
    }

    private void Commit(List<DatabaseOperation<TContext>> batch)
    {
        if (!Decide(batch))
        {
            Apply();
            return;
        }

        var startedAt = Stopwatch.GetTimestamp();
        file.Connection.BeginWriting();
        Write(batch);
        file.Connection.Commit();
        try
        {
            CheckInPlace();
            Committed(Stopwatch.GetElapsedTime(startedAt));
            Apply();
            Volatile.Write(ref _commits, _commits + 1);
            if (_problem is not null && (file.HasRoom() || (IsConclusive && Stopwatch.GetElapsedTime(_failedAt) > QuietTime)))
            {
                Volatile.Write(ref _problem, null);
                GroupCommitLog.WritingAgain(logger, file.Path);
            }
        }
        catch (Exception exception) when (_displaced is null)
        {
            // The file has rows that memory may lack. A restart reads them; going on would hand out their numbers again.
            EndProcess($"Writing {file.Path} failed after its commit: the {file.Folder.Kind.Owner} ends, and its next start reads what was committed.", exception);
            throw;
        }
    }

    // A commit to a removed file is lost. From then on memory and the file at the path differ for good.
    private void CheckInPlace()
    {
        if (_displaced is null)
        {
            _displaced = file.FindDisplaced();
            if (_displaced is null)
            {
                return;
            }

            file.Connection.RollBack();
            SaveDisplaced();
        }

        throw file.Folder.Displaced(_displaced);
    }

    private void SaveDisplaced()
    {
        (_isSaved, var outcome) = file.SaveDisplaced(_displaced!);
        GroupCommitLog.Displaced(logger, _displaced!, file.Folder.Kind.Owner, outcome);
    }

    private void RollBack()
    {
        if (file.Connection.TryRollBack() is { } exception)
        {
            GroupCommitLog.RollbackFailed(logger, exception, file.Path);
        }
    }
}

/// <summary>An operation for the only user of a database, with its waiting caller.</summary>
internal abstract class DatabaseOperation<TContext>
{
    // Whether it needs a transaction. An operation without one runs before its batch's transaction, and sees only committed rows.
    public virtual bool IsWrite => true;

    /// <summary>The approximate bytes that it adds to a transaction.</summary>
    public virtual int Size => 0;

    public abstract void Run(TContext context);

    /// <summary>Completes the caller's task, after the commit.</summary>
    public abstract void Complete();

    /// <summary>Fails the caller's task, as nothing was done.</summary>
    public abstract void Fail(Exception cause);
}

internal abstract class DatabaseOperation<TContext, TResult> : DatabaseOperation<TContext>
{
    private readonly TaskCompletionSource<TResult> _completion = new(Options);

    public Task<TResult> Task => _completion.Task;

    protected TResult? Result { get; set; }

    // The writer must not run its callers' continuations. A grain continues in its own scheduler in any case, so for it the detour through
    // the thread pool is omitted.
    private static TaskCreationOptions Options => TaskScheduler.Current == TaskScheduler.Default
        ? TaskCreationOptions.RunContinuationsAsynchronously
        : TaskCreationOptions.None;

    public override void Complete() => _completion.TrySetResult(Result!);

    public override void Fail(Exception cause) => _completion.TrySetException(cause);

    /// <summary>Ends the wait with a result instead of an exception.</summary>
    protected void End(TResult result) => _completion.TrySetResult(result);
}

// If the commit fails, onFailure makes the result of the planned one. Without it the caller gets the exception.
internal sealed class FunctionOperation<TContext, TResult>(
    Func<TContext, TResult> run, Func<TResult?, TResult>? onFailure = null, bool isWrite = true) : DatabaseOperation<TContext, TResult>
{
    public override bool IsWrite => isWrite;

    public override void Run(TContext context) => Result = run(context);

    public override void Fail(Exception cause)
    {
        if (onFailure is null)
        {
            base.Fail(cause);
        }
        else
        {
            End(onFailure(Result));
        }
    }
}

/// <summary>The log messages of database writers: docs/telemetry.md, Events.</summary>
internal static partial class GroupCommitLog
{
    [LoggerMessage(5001, LogLevel.Error, "Writing {Path} failed; {Count} writes were refused, and others may be until it works again. Check the disk's free space and health")]
    public static partial void WritingFailed(ILogger logger, Exception exception, string path, int count);

    [LoggerMessage(5002, LogLevel.Warning, "Writing {Path} works again")]
    public static partial void WritingAgain(ILogger logger, string path);

    [LoggerMessage(5003, LogLevel.Error, "Rolling a failed write of {Path} back failed; the next write tries again")]
    public static partial void RollbackFailed(ILogger logger, Exception exception, string path);

    [LoggerMessage(5006, LogLevel.Error, "{Path} was removed or replaced while the {Owner} has it open: nothing is stored until the {Owner} is restarted. {Outcome}")]
    public static partial void Displaced(ILogger logger, string path, string owner, string outcome);
}
