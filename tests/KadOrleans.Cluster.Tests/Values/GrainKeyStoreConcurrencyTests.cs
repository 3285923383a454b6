using KadOrleans.Cluster.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Values;

[Collection(OneShard.Name)]
public sealed class GrainKeyStoreConcurrencyTests(OneShardCluster cluster) : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}
