using KadOrleans.Cluster.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Values;

[Collection(SixteenShards.Name)]
public sealed class SpreadKeyStoreConcurrencyTests(SixteenShardCluster cluster) : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}
