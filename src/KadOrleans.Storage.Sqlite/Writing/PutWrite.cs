using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>A value to store.</summary>
internal sealed class PutWrite(NodeId key, StoredValue value) : ResultWrite<StoreResult>
{
    public override void Plan(BatchPlan plan) => Planned = plan.Put(key, value);

    // A put that the quotas refused has its answer, whatever became of the batch around it.
    public override void Fail(Exception cause) =>
        End(Planned == StoreResult.Stored ? StoreResult.StorageFailed : Planned);
}
