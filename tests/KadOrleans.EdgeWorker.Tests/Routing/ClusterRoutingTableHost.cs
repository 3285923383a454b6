using KadOrleans.EdgeWorker.Routing;
using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.EdgeWorker.Tests.Routing;

/// <summary>Tables of a shared cluster, each subscribed by an edge of its own under its first epoch.</summary>
internal sealed class ClusterRoutingTableHost(TestCluster cluster) : RoutingTableHost
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private readonly List<(ClusterRoutingTable Table, TestEdge Edge, IEdgeObserver Reference)> _edges = [];

    internal override async ValueTask<IRoutingTable> OpenAsync(NodeId ownId, ListenerLog log) => await OpenAsync(ownId, log, epoch: 1);

    public async Task<ClusterRoutingTable> OpenAsync(
        NodeId ownId, ListenerLog log, long epoch, ClusterRoutingTableOptions? options = null)
    {
        var table = new ClusterRoutingTable(
            cluster.Grains, ownId, epoch, TimeProvider.System, NullLogger<ClusterRoutingTable>.Instance, options);
        log.Follow(table);

        // The runtime holds it weakly.
        var edge = new TestEdge(table);
        var reference = cluster.Grains.CreateObjectReference<IEdgeObserver>(edge);
        _edges.Add((table, edge, reference));
        await table.SubscribeAsync(reference);
        _loops.Add(table.RunAsync(_stopping.Token));
        return table;
    }

    /// <summary>Subscriptions last for minutes, so they are renewed, as an edge does.</summary>
    public override async ValueTask AdvanceAsync(TimeSpan by)
    {
        cluster.Clock.Advance(by);
        foreach (var (table, _, reference) in _edges)
        {
            await table.SubscribeAsync(reference);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops);
        _stopping.Dispose();
        await base.DisposeAsync();
    }
}
