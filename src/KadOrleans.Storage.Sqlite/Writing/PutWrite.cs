using System.Threading.Tasks.Sources;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>
/// A value to store. Most writes are puts, so they are their own tasks: whoever waits goes on where
/// <see cref="Acknowledge"/> is called.
/// </summary>
internal sealed class PutWrite(NodeId key, StoredValue value, PutKind kind) : Write, IValueTaskSource<StoreResult>
{
    private ManualResetValueTaskSourceCore<StoreResult> _completion;
    private StoreResult _result;

    // Until it is planned, nothing is known of it.
    private bool _isAtStake = true;

    /// <summary>What is told to the waiter; to be awaited once.</summary>
    public ValueTask<StoreResult> Task => new(this, _completion.Version);

    public override void Plan(BatchPlan plan) => _result = plan.Put(key, value, kind, out _isAtStake);

    // Acknowledged with the others of the batch, not here.
    public override void Complete()
    {
    }

    // A rejected or no-op put keeps its result even if the batch fails.
    public override void Fail(Exception cause) => _result = _isAtStake ? StoreResult.StorageFailed : _result;

    /// <summary>Tells the waiter, after <see cref="Complete"/> or <see cref="Fail"/>.</summary>
    public void Acknowledge() => _completion.SetResult(_result);

    StoreResult IValueTaskSource<StoreResult>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<StoreResult>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<StoreResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
