namespace KadOrleans.SqliteFiles;

/// <summary>Something to be done by the one user of a database, and whoever waits for it.</summary>
/// <typeparam name="TContext">What it runs on.</typeparam>
internal abstract class DatabaseOperation<TContext>
{
    /// <summary>Whether it needs a transaction. What does not is done before that of its batch, and sees committed rows alone.</summary>
    public virtual bool IsWrite => true;

    /// <summary>Bytes it adds to a transaction, roughly.</summary>
    public virtual int Size => 0;

    /// <summary>Does it. Called once.</summary>
    public abstract void Run(TContext context);

    /// <summary>Tells the waiter what came of it: the transaction is committed.</summary>
    public abstract void Complete();

    /// <summary>Tells the waiter that nothing of it was done.</summary>
    public abstract void Fail(Exception cause);
}

/// <summary>An operation whose waiter gets a result.</summary>
/// <typeparam name="TContext">What it runs on.</typeparam>
/// <typeparam name="TResult">What the waiter gets.</typeparam>
internal abstract class DatabaseOperation<TContext, TResult> : DatabaseOperation<TContext>
{
    private readonly TaskCompletionSource<TResult> _completion = new(Options);

    /// <summary>Completes when the transaction is committed, or failed.</summary>
    public Task<TResult> Task => _completion.Task;

    /// <summary>What came of it; told to the waiter once it is true.</summary>
    protected TResult? Result { get; set; }

    // The writer must not run what its callers do next. A grain goes on in its own scheduler in any case, and then a detour
    // through the thread pool is only work.
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
