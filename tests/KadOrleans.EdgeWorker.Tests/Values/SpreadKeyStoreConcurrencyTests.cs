using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.EdgeWorker.Tests.Values;

[Collection(SixteenShards.Name)]
public sealed class SpreadKeyStoreConcurrencyTests(SixteenShardCluster cluster) : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}
