using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>A write whose waiter gets a result.</summary>
internal abstract class ResultWrite<TResult> : Write
{
    // The writer must not run what its callers do next.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the batch is committed, or failed.</summary>
    public Task<TResult> Task => _completion.Task;

    /// <summary>What the plan made of this write; told to the waiter once it is true.</summary>
    protected TResult? Planned { get; set; }

    public override void Complete() => _completion.TrySetResult(Planned!);

    public override void Fail(Exception cause) => _completion.TrySetException(
        cause as KeyStoreException ?? new KeyStoreException(cause.Message, cause));

    /// <summary>Ends the wait with a result instead of an exception.</summary>
    protected void End(TResult result) => _completion.TrySetResult(result);
}
