using System.Globalization;
using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// The settings that all silos of a cluster agree on. Key: GrainKeys.Singleton. What it returns is durable.
[Alias("kad.IClusterGrain")]
[Version(3)]
[OpenTo(Callers.Silos)]
internal interface IClusterGrain : IGrainWithIntegerKey
{
    // Fixes the settings if this is the cluster's first silo. Otherwise returns the fixed ones, and the caller compares. If
    // storage fails it throws storage's exception, and nothing is fixed. Each silo calls this every 15 s.
    [Alias("Join")]
    ValueTask<ClusterTerms> JoinAsync(ClusterSettings proposed);

    /// <summary>The settings, or null before the first silo fixed them.</summary>
    [Alias("Get")]
    [OpenTo(Callers.Clients)]
    ValueTask<ClusterSettings?> GetAsync();

    // Begins to double the number of shards. The cluster goes on by itself, whatever fails meanwhile; it cannot be stopped. The
    // beginning is durable when this returns. InvalidOperationException: a doubling is under way, or there are 65,536 shards. The
    // message is one sentence.
    [Alias("DoubleShards")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<ShardStatus> DoubleShardsAsync();

    // Begins to double this number of shards, as DoubleShardsAsync does. It may be called again: while they are doubled, and once there are
    // twice as many, it tells how far that is. InvalidOperationException: the cluster has another number, or the most.
    [Alias("DoubleShardsFrom")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<ShardStatus> DoubleShardsFromAsync(int count);

    /// <summary>The number of shards; null before the first silo fixed it.</summary>
    [Alias("GetShards")]
    [OpenTo(Callers.Clients)]
    ValueTask<ShardStatus?> GetShardsAsync();
}

/// <summary>The bits that number the shards. While they are being doubled, how many of them have been split so far; else null.</summary>
[GenerateSerializer]
[Alias("kad.ShardStatus")]
internal sealed record ShardStatus([property: Id(0)] int Bits, [property: Id(1)] int? Split)
{
    public int Count => 1 << Bits;
}

/// <summary>
/// The terms for all silos of a cluster. ClusterId: of the cluster that made the state. Split: while the shards are being doubled, how many of
/// them have been split so far; else null.
/// </summary>
[GenerateSerializer]
[Alias("kad.ClusterTerms")]
internal sealed record ClusterTerms([property: Id(0)] ClusterSettings Settings, [property: Id(1)] string ClusterId, [property: Id(2)] int? Split = null)
{
    // Compares a silo's ClusterId and settings with these. Returns the difference in one sentence; null if they agree.
    public string? FindDifference(string clusterId, ClusterSettings own) => clusterId == ClusterId
        ? Settings.FindDifference(own)
        : $"Orleans:ClusterId is '{clusterId}', but this storage has the state of a cluster that was created with '{ClusterId}': set it to '{ClusterId}', "
            + "or give a second cluster an Orleans:ServiceId of its own too.";
}

/// <summary>The settings fixed when a cluster is created. <see cref="ShardBits"/> is the number then; <see cref="Layout"/> has the one in use.</summary>
[GenerateSerializer]
[Alias("kad.ClusterSettings")]
internal sealed record ClusterSettings([property: Id(0)] int ShardBits)
{
    // The paper's constants. A node's table is a grain and its engine is in an edge, so both must use the same. Null: the defaults.
    [Id(1)]
    public KademliaOptions? Kademlia { get; init; }

    /// <summary>The bits in use. Null while they are <see cref="ShardBits"/>.</summary>
    [Id(2)]
    public int? BitsInUse { get; init; }

    public ShardLayout Layout => new(ShardBits, BitsInUse ?? ShardBits);

    // Compares a silo's settings with these. Its bits may also be those in use. Returns the difference in one sentence; null if they agree.
    public string? FindDifference(ClusterSettings own) => Values().Zip(own.Values())
        .Where(pair => !Equals(pair.First.Value, pair.Second.Value) && !(pair.First.Name == nameof(ShardBits) && Equals(BitsInUse, pair.Second.Value)))
        .Select(pair => string.Create(
            CultureInfo.InvariantCulture,
            $"Kad:Cluster:{pair.First.Name} is {pair.Second.Value}, but this cluster was created with {pair.First.Value}: set it to {pair.First.Value}, or give a new cluster a storage of its own."))
        .FirstOrDefault();

    private IEnumerable<(string Name, object? Value)> Values() =>
    [
        (nameof(ShardBits), ShardBits),
        .. Kademlia is null ? [] : typeof(KademliaOptions).GetProperties().Select(constant => ($"{nameof(Kademlia)}:{constant.Name}", constant.GetValue(Kademlia))),
    ];
}
