using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>A value to store.</summary>
internal sealed class PutWrite(NodeId key, StoredValue value, bool isCopy) : ResultWrite<StoreResult>
{
    private bool _isAtStake;

    public override void Plan(BatchPlan plan) => Planned = plan.Put(key, value, isCopy, out _isAtStake);

    // A put that was refused, or of what is in the file already, has its answer, whatever became of the batch around it.
    public override void Fail(Exception cause) => End(_isAtStake ? StoreResult.StorageFailed : Planned);
}
