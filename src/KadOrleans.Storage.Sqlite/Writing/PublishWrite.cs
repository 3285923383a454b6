using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>A publication to remember.</summary>
internal sealed class PublishWrite(NodeId key, Publication publication) : ResultWrite<StoreResult>
{
    public override void Plan(BatchPlan plan) => Planned = plan.Publish(key, publication);

    public override void Fail(Exception cause) =>
        End(Planned == StoreResult.Stored ? StoreResult.StorageFailed : Planned);
}
