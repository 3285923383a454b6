namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>A cluster for tests of single shards, whose keys must be theirs alone.</summary>
[CollectionDefinition(Name)]
public sealed class ShardCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "shards";
}
