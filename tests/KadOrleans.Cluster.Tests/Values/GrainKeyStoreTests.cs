using KadOrleans.Cluster.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Values;

[Collection(OneShard.Name)]
public sealed class GrainKeyStoreTests(OneShardCluster cluster) : KeyStoreContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}
