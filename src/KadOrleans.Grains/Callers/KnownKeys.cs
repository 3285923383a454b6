namespace KadOrleans.Grains;

// Which keys this project's grains can have. Orleans activates a grain of whatever key a stranger makes up.
internal static class KnownKeys
{
    // Clients of this release use 16 facades. A grain of the cluster's terms by another key has read one record, which nobody else does.
    private const long Few = 256;

    // The shards of the most bits have the highest numbers.
    private const long MaxShards = (GrainKeys.MaxShardBits + 1L) << GrainKeys.MaxShardBits;

    /// <summary>Whether a grain of this class can have this key. True for the classes of others.</summary>
    public static bool Has(Type grain, GrainId id) =>
        !CallPolicy.IsOurs(grain) || (typeof(IGrainWithIntegerKey).IsAssignableFrom(grain) ? IsNumber(id, CountOf(grain)) : IsNodeId(id));

    // With leading zeros, or more behind a plus, it would be another grain of the same number.
    private static bool IsNumber(GrainId id, long count) =>
        id.TryGetIntegerKey(out var key, out _) && GrainIdKeyExtensions.CreateIntegerKey(key) == id.Key && key >= 0 && key < count;

    private static bool IsNodeId(GrainId id) =>
        id.Key.ToString() is { } key && NodeId.TryParse(key, out var node) && GrainKeys.RoutingTable(node) == key;

    // An edge takes the next key of a batch grain after each failure.
    private static long CountOf(Type grain) => typeof(IKeyShardGrain).IsAssignableFrom(grain) ? MaxShards
        : typeof(IShardBatchGrain).IsAssignableFrom(grain) ? long.MaxValue
        : typeof(IDhtGrain).IsAssignableFrom(grain) || typeof(IClusterGrain).IsAssignableFrom(grain) ? Few
        : GrainKeys.Singleton + 1;
}
