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

    public override void Run(BatchWriter context) => _result = context.Values.Put(key, value, kind, out _isAtStake);

    public override void Complete() => _completion.SetResult(_result);

    // A rejected or no-op put keeps its result even if the batch fails.
    public override void Fail(Exception cause) => _completion.SetResult(_isAtStake ? StoreResult.StorageFailed : _result);

    StoreResult IValueTaskSource<StoreResult>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<StoreResult>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<StoreResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}

/// <summary>Any other operation, with a result for its caller.</summary>
/// <param name="run">Plans it and returns the result.</param>
/// <param name="onFailure">The result if the commit fails, made of the planned one. Null: the caller gets the exception.</param>
/// <param name="isWrite">Whether it needs a transaction.</param>
internal sealed class WriterOperation<TResult>(
    Func<BatchWriter, TResult> run, Func<TResult?, TResult>? onFailure = null, bool isWrite = true) : DatabaseOperation<BatchWriter, TResult>
{
    public override bool IsWrite => isWrite;

    public override void Run(BatchWriter context) => Result = run(context);

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
