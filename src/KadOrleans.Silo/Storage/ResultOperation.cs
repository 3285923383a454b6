namespace KadOrleans.Silo.Storage;

/// <summary>An operation whose waiter gets a result.</summary>
internal abstract class ResultOperation<TResult> : GrainOperation
{
    // The writer must not run what its callers do next.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the operation did.</summary>
    public Task<TResult> Task => _completion.Task;

    /// <summary>What came of it; told to the waiter once it is true.</summary>
    protected TResult? Result { get; set; }

    public override void Complete() => _completion.TrySetResult(Result!);

    public override void Fail(Exception cause) => _completion.TrySetException(cause);
}
