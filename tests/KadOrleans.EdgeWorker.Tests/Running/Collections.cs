namespace KadOrleans.EdgeWorker.Tests.Running;

/// <summary>Tests that share the cluster of one shard, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OneShard : ICollectionFixture<OneShardCluster>
{
    public const string Name = "One shard";
}

/// <summary>Tests that share the cluster of sixteen shards, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SixteenShards : ICollectionFixture<SixteenShardCluster>
{
    public const string Name = "Sixteen shards";
}

/// <summary>Tests of routing tables, which move their cluster's clock, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class Tables : ICollectionFixture<OneShardCluster>
{
    public const string Name = "Tables";
}

/// <summary>Tests of clients, which move their cluster's clock, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class Clients : ICollectionFixture<SixteenShardCluster>
{
    public const string Name = "Clients";
}
