using System.Threading.Tasks.Sources;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;

namespace KadOrleans.Storage.Sqlite.Writing;

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

/// <summary>Expired keys, to be removed if they are still expired. The result is their number.</summary>
internal sealed class RemoveExpiredOperation(ReadOnlyMemory<NodeId> keys, DateTimeOffset now) : DatabaseOperation<BatchWriter, int>
{
    public override void Run(BatchWriter context)
    {
        foreach (var key in keys.Span)
        {
            if (context.Values.RemoveExpired(key, now))
            {
                Result++;
            }
        }
    }
}

/// <summary>A publication to remember.</summary>
internal sealed class PublishOperation(NodeId key, Publication publication) : DatabaseOperation<BatchWriter, StoreResult>
{
    public override void Run(BatchWriter context) => Result = context.Publish(key, publication);

    public override void Fail(Exception cause) => End(Result == StoreResult.Stored ? StoreResult.StorageFailed : Result);
}

/// <summary>A publication to forget. The result is whether there was one.</summary>
internal sealed class UnpublishOperation(NodeId key) : DatabaseOperation<BatchWriter, bool>
{
    public override void Run(BatchWriter context)
    {
        Result = context.FindPublication(key) is not null;
        if (Result)
        {
            context.Publish(key, null);
        }
    }
}

/// <summary>A node state to save.</summary>
internal sealed class SaveStateOperation(NodeState state) : DatabaseOperation<BatchWriter, NodeState>
{
    public override void Run(BatchWriter context)
    {
        context.SaveState(state);
        Result = state;
    }
}

/// <summary>A damaged segment to replace. The result is how many of its values were written again, and how many are lost.</summary>
internal sealed class RepairOperation(long number) : DatabaseOperation<BatchWriter, (int Kept, int Lost)?>
{
    public override void Run(BatchWriter context) => Result = context.Replace(number);
}

/// <summary>A value to read, where the file has no connections for that.</summary>
internal sealed class ValueRead(NodeId key, DateTimeOffset now) : DatabaseOperation<BatchWriter, StoredValue?>
{
    public override bool IsWrite => false;

    public override void Run(BatchWriter context) => Result = context.Read(key, now);
}

/// <summary>Changes nothing; completes when everything before it has been committed or has failed.</summary>
internal sealed class FlushOperation : DatabaseOperation<BatchWriter, bool>
{
    public override void Run(BatchWriter context) => Result = true;

    public override void Fail(Exception cause) => End(false);
}
