using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>A node state to save.</summary>
internal sealed class SaveStateWrite(NodeState state) : ResultWrite<NodeState>
{
    public override void Plan(BatchPlan plan)
    {
        plan.SaveState(state);
        Planned = state;
    }
}
