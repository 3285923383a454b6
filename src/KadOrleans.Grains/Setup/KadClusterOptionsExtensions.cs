namespace KadOrleans.Grains;

internal static class KadClusterOptionsExtensions
{
    /// <summary>What this silo asks of the cluster. Without <see cref="KadClusterOptions.ShardBits"/> it asks for <paramref name="unsetBits"/>.</summary>
    public static ClusterSettings SettingsOr(this KadClusterOptions options, int unsetBits) =>
        new(options.ShardBits ?? unsetBits) { Kademlia = options.Kademlia };

    /// <summary>The constants with the cluster's number of shards.</summary>
    public static ClusterSettings SettingsWith(this KadClusterOptions options, ShardLayout layout) => new(layout.FirstBits)
    {
        Kademlia = options.Kademlia,
        BitsInUse = layout.Bits == layout.FirstBits ? null : layout.Bits,
    };
}
