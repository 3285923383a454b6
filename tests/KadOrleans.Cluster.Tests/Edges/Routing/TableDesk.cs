using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>The desk of one table: its snapshots are the table's.</summary>
internal sealed class TableDesk(ClusterRoutingTable table) : TestEdge
{
    public override Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot) => Task.FromResult(table.Update(snapshot));

    public override Task<bool> OnChangeAsync(NodeId nodeId, SnapshotChange change) => Task.FromResult(table.Update(change));
}
