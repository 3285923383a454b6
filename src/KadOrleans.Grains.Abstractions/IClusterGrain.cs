using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Access;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions;

/// <summary>
/// The settings and schema version that all silos of a cluster agree on. Key: <see cref="GrainKeys.Singleton"/>. What it returns is
/// durable.
/// </summary>
[Alias("kad.IClusterGrain")]
[Version(2)]
[OpenTo(Callers.Silos)]
internal interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Fixes the settings if this is the cluster's first silo. Otherwise returns the fixed ones, and the caller compares. If storage fails
    /// it throws storage's exception, and nothing is fixed.
    /// </summary>
    /// <remarks>For silos that know only the oldest schema version. Once a newer one is written they are refused.</remarks>
    [Alias("Agree")]
    ValueTask<ClusterSettings> AgreeAsync(ClusterSettings proposed);

    /// <summary>
    /// <see cref="AgreeAsync"/> for a silo that reports the newest schema version that it knows. Each silo calls it every 15 s. When every
    /// silo that is not dead knows a newer version than the written one, the cluster writes the newer one from then on, durably. The caller
    /// must know the version that is returned. Since version 1.
    /// </summary>
    /// <param name="proposed">The settings of the silo.</param>
    /// <param name="silo">The silo.</param>
    /// <param name="stateVersion">The newest version that it reads and may write.</param>
    [Alias("Join")]
    ValueTask<ClusterTerms> JoinAsync(ClusterSettings proposed, SiloAddress silo, int stateVersion);

    /// <summary>The settings, or null before the first silo fixed them.</summary>
    [Alias("Get")]
    [OpenTo(Callers.Edges)]
    ValueTask<ClusterSettings?> GetAsync();

    /// <summary>
    /// Begins to double the number of shards. The cluster goes on by itself, whatever fails meanwhile; it cannot be stopped. The beginning is
    /// durable when this returns. Since version 2.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// A doubling is under way, there are 65,536 shards, or a silo's release does not know doublings. The message is one sentence.
    /// </exception>
    [Alias("DoubleShards")]
    [OpenTo(Callers.Edges)]
    ValueTask<ShardStatus> DoubleShardsAsync();

    /// <summary>The number of shards; null before the first silo fixed it. Since version 2.</summary>
    [Alias("GetShards")]
    [OpenTo(Callers.Edges)]
    ValueTask<ShardStatus?> GetShardsAsync();
}

/// <summary>The number of shards, and whether it is being doubled.</summary>
/// <param name="Bits">The bits in use: 2 to the power of it shards.</param>
/// <param name="Split">How many of them have been split so far. Null if no doubling is under way.</param>
[GenerateSerializer]
[Alias("kad.ShardStatus")]
internal sealed record ShardStatus([property: Id(0)] int Bits, [property: Id(1)] int? Split)
{
    /// <summary>The number of shards in use.</summary>
    public int Count => 1 << Bits;
}

/// <summary>The terms for all silos of a cluster.</summary>
/// <param name="Settings">The settings fixed at its creation.</param>
/// <param name="StateVersion">The schema version that stored states are written with. It may rise, and never falls.</param>
[GenerateSerializer]
[Alias("kad.ClusterTerms")]
internal sealed record ClusterTerms([property: Id(0)] ClusterSettings Settings, [property: Id(1)] int StateVersion)
{
    /// <summary><see cref="ShardStatus.Split"/>.</summary>
    [Id(2)]
    public int? Split { get; init; }
}

/// <summary>The settings fixed when a cluster is created.</summary>
/// <param name="ShardBits">
/// The number of leading bits of a key that chose its shard then, 0 to 16. <see cref="Layout"/> has those in use.
/// </param>
[GenerateSerializer]
[Alias("kad.ClusterSettings")]
internal sealed record ClusterSettings([property: Id(0)] int ShardBits)
{
    /// <summary>
    /// The paper's constants. A node's table is a grain and its engine is in an edge, so both must use the same. Null from a release before
    /// schema 5, or if it fixed the settings. Edges then use the defaults.
    /// </summary>
    [Id(1)]
    public KademliaOptions? Kademlia { get; init; }

    /// <summary>The bits in use. Null while they are <see cref="ShardBits"/>. Since schema 6.</summary>
    [Id(2)]
    public int? BitsInUse { get; init; }

    /// <summary>The shards in use.</summary>
    public ShardLayout Layout => new(ShardBits, BitsInUse ?? ShardBits);

    /// <summary>
    /// Compares a silo's settings with these. Its bits may also be those in use. Returns the difference in one sentence: the setting, its value, the agreed one. Null if they
    /// agree.
    /// </summary>
    /// <param name="own">The silo's.</param>
    public string? FindDifference(ClusterSettings own)
    {
        ArgumentNullException.ThrowIfNull(own);
        foreach (var ((name, agreed), (_, value)) in Values().Zip(own.Values()))
        {
            if (!Equals(agreed, value) && !(name == nameof(ShardBits) && Equals(BitsInUse, value)))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"Kad:Cluster:{name} is {value}, but this cluster was created with {agreed}: set it to {agreed}, or give a new cluster a storage of its own.");
            }
        }

        return null;
    }

    private IEnumerable<(string Name, object Value)> Values()
    {
        yield return (nameof(ShardBits), ShardBits);
        if (Kademlia is { } constants)
        {
            yield return ($"{nameof(Kademlia)}:{nameof(constants.BucketSize)}", constants.BucketSize);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.LookupConcurrency)}", constants.LookupConcurrency);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.DisjointPaths)}", constants.DisjointPaths);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.SplitDepth)}", constants.SplitDepth);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.ReplacementCacheSize)}", constants.ReplacementCacheSize);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.FailuresBeforeDrop)}", constants.FailuresBeforeDrop);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.ValueTimeToLive)}", constants.ValueTimeToLive);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.BucketRefreshInterval)}", constants.BucketRefreshInterval);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.RepublishInterval)}", constants.RepublishInterval);
            yield return ($"{nameof(Kademlia)}:{nameof(constants.PublishInterval)}", constants.PublishInterval);
        }
    }
}
