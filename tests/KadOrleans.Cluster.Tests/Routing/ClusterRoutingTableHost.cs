using KadOrleans.Cluster.Routing;
using KadOrleans.Cluster.Tests.Running;
using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.Routing;

/// <summary>Tables of a shared cluster, each subscribed by an edge of its own under its first epoch.</summary>
internal sealed class ClusterRoutingTableHost(TestCluster cluster) : RoutingTableHost
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private readonly List<TestEdge> _edges = [];

    public override async ValueTask<IRoutingTable> OpenAsync(NodeId ownId, IRoutingTableListener listener) =>
        await OpenAsync(ownId, listener, epoch: 1);

    public async Task<ClusterRoutingTable> OpenAsync(
        NodeId ownId, IRoutingTableListener listener, long epoch, ClusterRoutingTableOptions? options = null)
    {
        var table = new ClusterRoutingTable(
            cluster.Grains, ownId, epoch, TimeProvider.System, NullLogger<ClusterRoutingTable>.Instance, options);
        table.Attach(listener);

        // The runtime holds it weakly.
        var edge = new TestEdge(table);
        _edges.Add(edge);
        await table.SubscribeAsync(cluster.Grains.CreateObjectReference<IEdgeObserver>(edge));
        _loops.Add(table.RunAsync(_stopping.Token));
        return table;
    }

    public override void Advance(TimeSpan by) => cluster.Clock.Advance(by);

    public override async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops);
        _stopping.Dispose();
        await base.DisposeAsync();
    }
}
