namespace KadOrleans.SqliteFiles;

/// <summary>An operation for the only user of a database, with its waiting caller.</summary>
/// <typeparam name="TContext">The context of operations.</typeparam>
internal abstract class DatabaseOperation<TContext>
{
    /// <summary>
    /// Whether it needs a transaction. An operation without one runs before its batch's transaction, and sees only committed rows.
    /// </summary>
    public virtual bool IsWrite => true;

    /// <summary>The approximate bytes that it adds to a transaction.</summary>
    public virtual int Size => 0;

    /// <summary>Runs the operation. Called once.</summary>
    public abstract void Run(TContext context);

    /// <summary>Completes the caller's task, after the commit.</summary>
    public abstract void Complete();

    /// <summary>Fails the caller's task, as nothing was done.</summary>
    public abstract void Fail(Exception cause);
}

/// <summary>An operation with a result.</summary>
/// <typeparam name="TContext">The context of operations.</typeparam>
/// <typeparam name="TResult">The result.</typeparam>
internal abstract class DatabaseOperation<TContext, TResult> : DatabaseOperation<TContext>
{
    private readonly TaskCompletionSource<TResult> _completion = new(Options);

    /// <summary>Completes when the transaction is committed. Fails if that fails.</summary>
    public Task<TResult> Task => _completion.Task;

    /// <summary>The result, which the caller gets after the commit.</summary>
    protected TResult? Result { get; set; }

    // The writer must not run its callers' continuations. A grain continues in its own scheduler in any case, so for it the detour through
    // the thread pool is omitted.
    private static TaskCreationOptions Options => TaskScheduler.Current == TaskScheduler.Default
        ? TaskCreationOptions.RunContinuationsAsynchronously
        : TaskCreationOptions.None;

    /// <inheritdoc/>
    public override void Complete() => _completion.TrySetResult(Result!);

    /// <inheritdoc/>
    public override void Fail(Exception cause) => _completion.TrySetException(cause);

    /// <summary>Ends the wait with a result instead of an exception.</summary>
    protected void End(TResult result) => _completion.TrySetResult(result);
}
