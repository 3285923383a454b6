using KadOrleans.Core.Values;

namespace KadOrleans.Cluster.Tests.Running;

/// <summary>What a shard that is activated next may hold.</summary>
public sealed class ClusterQuota
{
    public StoreQuota Current { get; set; } = StoreQuota.Unlimited;
}
