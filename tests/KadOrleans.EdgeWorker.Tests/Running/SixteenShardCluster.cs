namespace KadOrleans.EdgeWorker.Tests.Running;

/// <summary>Keys spread over sixteen shards.</summary>
public sealed class SixteenShardCluster() : TestCluster(shardBits: 4);
