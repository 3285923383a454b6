using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains;

/// <summary>What was fixed when the cluster was created, as it is stored.</summary>
[GenerateSerializer]
[Alias("kad.ClusterState")]
internal sealed class ClusterState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public int ShardBits { get; set; }
}
