namespace KadOrleans.Silo.Storage;

/// <summary>An operation whose waiter gets a result.</summary>
internal abstract class ResultOperation<TResult> : GrainOperation
{
    private readonly TaskCompletionSource<TResult> _completion = new(Options);

    /// <summary>Completes when the operation did.</summary>
    public Task<TResult> Task => _completion.Task;

    /// <summary>What came of it; told to the waiter once it is true.</summary>
    protected TResult? Result { get; set; }

    // The writer must not run what its callers do next. A grain goes on in its own scheduler in any case, and then a detour
    // through the thread pool is only work.
    private static TaskCreationOptions Options => TaskScheduler.Current == TaskScheduler.Default
        ? TaskCreationOptions.RunContinuationsAsynchronously
        : TaskCreationOptions.None;

    public override void Complete() => _completion.TrySetResult(Result!);

    public override void Fail(Exception cause) => _completion.TrySetException(cause);
}
