using KadOrleans.Cluster.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Values;

[Collection(OneShard.Name)]
public sealed class GrainKeyStoreDurabilityTests(OneShardCluster cluster) : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}
