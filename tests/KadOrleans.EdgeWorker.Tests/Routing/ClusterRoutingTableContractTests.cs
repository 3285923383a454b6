using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.EdgeWorker.Tests.Routing;

[Collection(Tables.Name)]
public sealed class ClusterRoutingTableContractTests(OneShardCluster cluster) : RoutingTableContract
{
    protected override RoutingTableHost CreateHost() => new ClusterRoutingTableHost(cluster);
}
