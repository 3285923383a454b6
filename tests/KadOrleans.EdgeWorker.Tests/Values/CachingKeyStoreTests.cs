using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.EdgeWorker.Values;
using KadOrleans.PortContracts;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>The port's contract over a store that answers gets from filters and a cache.</summary>
[Collection(OneShard.Name)]
public sealed class CachingKeyStoreTests(OneShardCluster cluster) : KeyStoreContract
{
    internal static GrainKeyStoreOptions Options { get; } = GrainKeyStoreHost.Options with { MaxStaleness = TimeSpan.FromSeconds(2) };

    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster, Options);
}

/// <inheritdoc cref="CachingKeyStoreTests"/>
[Collection(OneShard.Name)]
public sealed class CachingKeyStoreQuotaTests(OneShardCluster cluster) : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster, CachingKeyStoreTests.Options);
}

/// <inheritdoc cref="CachingKeyStoreTests"/>
[Collection(OneShard.Name)]
public sealed class CachingKeyStoreDurabilityTests(OneShardCluster cluster) : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster, CachingKeyStoreTests.Options);
}

/// <inheritdoc cref="CachingKeyStoreTests"/>
[Collection(SixteenShards.Name)]
public sealed class CachingKeyStoreConcurrencyTests(SixteenShardCluster cluster) : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster, CachingKeyStoreTests.Options);
}
