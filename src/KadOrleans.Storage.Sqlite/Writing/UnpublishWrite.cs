using KadOrleans.Core;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>A publication to forget. The result is whether there was one.</summary>
internal sealed class UnpublishWrite(NodeId key) : ResultWrite<bool>
{
    public override void Plan(BatchPlan plan)
    {
        Planned = plan.FindPublication(key) is not null;
        if (Planned)
        {
            plan.Publish(key, null);
        }
    }
}
