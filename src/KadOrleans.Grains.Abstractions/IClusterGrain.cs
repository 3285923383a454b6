using System.Globalization;
using KadOrleans.Core;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions;

/// <summary>
/// What all silos of a cluster must agree on. Key: <see cref="GrainKeys.Singleton"/>. What it answers is durable when
/// the call returns.
/// </summary>
[Alias("kad.IClusterGrain")]
[Version(1)]
internal interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Fixes the settings if this is the cluster's first silo, and else returns those that were fixed then: the caller
    /// compares. A storage failure comes back as its exception, and nothing is fixed.
    /// </summary>
    /// <remarks>For silos that know no other schema version than the oldest: once a newer one is written they are refused.</remarks>
    [Alias("Agree")]
    ValueTask<ClusterSettings> AgreeAsync(ClusterSettings proposed);

    /// <summary>
    /// The same for a silo that says which schema version of stored states it knows. Called again every 15 s by each silo. When
    /// every silo that is not dead knows a newer version than is written, that one is written from then on; this is durable
    /// when the call returns. The caller compares this too: it must know what is written. Since version 1.
    /// </summary>
    /// <param name="proposed">The settings of the silo.</param>
    /// <param name="silo">The silo.</param>
    /// <param name="stateVersion">The newest version that it reads and may write.</param>
    [Alias("Join")]
    ValueTask<ClusterTerms> JoinAsync(ClusterSettings proposed, SiloAddress silo, int stateVersion);

    /// <summary>The settings, or null before the first silo fixed them.</summary>
    [Alias("Get")]
    ValueTask<ClusterSettings?> GetAsync();
}

/// <summary>What holds for all silos of a cluster.</summary>
/// <param name="Settings">What was fixed when it was created.</param>
/// <param name="StateVersion">The schema version that stored states are written with. It may rise, and never falls.</param>
[GenerateSerializer]
[Alias("kad.ClusterTerms")]
internal sealed record ClusterTerms([property: Id(0)] ClusterSettings Settings, [property: Id(1)] int StateVersion);

/// <summary>What is fixed when a cluster is created.</summary>
/// <param name="ShardBits">
/// Leading bits of a key that choose its shard, 0 to 16: 2 to that power grains hold the cluster's keys. Another value would
/// look for every key in the wrong place.
/// </param>
[GenerateSerializer]
[Alias("kad.ClusterSettings")]
internal sealed record ClusterSettings([property: Id(0)] int ShardBits)
{
    /// <summary>
    /// The constants by which tables and edges work: one node's table is a grain's and its engine an edge's, which must agree on them.
    /// Null where a release before schema 5 answers, or fixed the settings: its edges take the defaults.
    /// </summary>
    [Id(1)]
    public KademliaOptions? Kademlia { get; init; }

    /// <summary>
    /// What is wrong with a silo's settings where the cluster has these, in one sentence: the setting, its value, the agreed one. Null if
    /// they agree.
    /// </summary>
    /// <param name="own">The silo's.</param>
    public string? FindDifference(ClusterSettings own)
    {
        ArgumentNullException.ThrowIfNull(own);
        foreach (var ((name, agreed), (_, value)) in Values().Zip(own.Values()))
        {
            if (!Equals(agreed, value))
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
