using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.PortContracts;

namespace KadOrleans.EdgeWorker.Tests.Values;

[Collection(OneShard.Name)]
public sealed class GrainKeyStoreConcurrencyTests(OneShardCluster cluster) : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}
