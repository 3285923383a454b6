using System.Threading.Tasks.Sources;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// A value to store. Most writes are puts, so each is its own value-task source. The caller continues on the thread that completes it.
/// </summary>
internal sealed class PutOperation(NodeId key, StoredValue value, PutKind kind) : DatabaseOperation<BatchWriter>, IValueTaskSource<StoreResult>
{
    private ManualResetValueTaskSourceCore<StoreResult> _completion;
    private StoreResult _result;

    // True until it is planned.
    private bool _isAtStake = true;

    public NodeId Key => key;

    /// <summary>The caller's task; await it once.</summary>
    public ValueTask<StoreResult> Task => new(this, _completion.Version);

    public override void Run(BatchWriter context) => _result = context.Put(key, value, kind, out _isAtStake);

    public override void Complete() => _completion.SetResult(_result);

    // A rejected or no-op put keeps its result even if the batch fails.
    public override void Fail(Exception cause) => _completion.SetResult(_isAtStake ? StoreResult.StorageFailed : _result);

    StoreResult IValueTaskSource<StoreResult>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<StoreResult>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<StoreResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
