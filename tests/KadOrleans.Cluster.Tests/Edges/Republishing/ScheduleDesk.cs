using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>The desk of one simulated node: it takes work as an edge's does, until the edge ends.</summary>
internal sealed class ScheduleDesk(CancellationToken ended) : TestEdge
{
    private (DhtNode Node, ClusterMaintenanceSchedule Schedule)? _served;

    public void Serve(DhtNode node, ClusterMaintenanceSchedule schedule) => _served = (node, schedule);

    public override Task<bool> AcceptAsync(EdgeWork work)
    {
        if (ended.IsCancellationRequested || _served is not { } served || !served.Schedule.Serves(work))
        {
            throw new NoLiveEdgeException("It has ended, or does not serve the id.");
        }

        EdgeDesk.CheckReach(work, served.Node);
        return Task.FromResult(served.Schedule.TryAccept(work));
    }
}
