namespace KadOrleans.EdgeWorker.Tests.Running;

/// <summary>All keys in one shard, whose quota is then the store's.</summary>
public sealed class OneShardCluster() : TestCluster(shardBits: 0);
