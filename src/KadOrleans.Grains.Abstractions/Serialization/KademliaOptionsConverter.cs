using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A cluster's constants, between processes and as stored.</summary>
[GenerateSerializer]
[Alias("kad.KademliaOptions")]
internal struct KademliaOptionsSurrogate
{
    /// <summary>k.</summary>
    [Id(0)]
    public int BucketSize { get; set; }

    /// <summary>α.</summary>
    [Id(1)]
    public int LookupConcurrency { get; set; }

    /// <summary>d.</summary>
    [Id(2)]
    public int DisjointPaths { get; set; }

    /// <summary>b.</summary>
    [Id(3)]
    public int SplitDepth { get; set; }

    /// <summary>Replacements per bucket.</summary>
    [Id(4)]
    public int ReplacementCacheSize { get; set; }

    /// <summary>Consecutive timeouts after which a contact is dropped.</summary>
    [Id(5)]
    public int FailuresBeforeDrop { get; set; }

    /// <summary>A value's life.</summary>
    [Id(6)]
    public TimeSpan ValueTimeToLive { get; set; }

    /// <summary>Time without a lookup after which a bucket is refreshed.</summary>
    [Id(7)]
    public TimeSpan BucketRefreshInterval { get; set; }

    /// <summary>Time without a STORE after which a value is republished.</summary>
    [Id(8)]
    public TimeSpan RepublishInterval { get; set; }

    /// <summary>Time after which a publication is published again.</summary>
    [Id(9)]
    public TimeSpan PublishInterval { get; set; }
}

/// <summary>Carries <see cref="KademliaOptions"/> by <see cref="KademliaOptionsSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class KademliaOptionsConverter : IConverter<KademliaOptions, KademliaOptionsSurrogate>
{
    /// <inheritdoc/>
    public KademliaOptions ConvertFromSurrogate(in KademliaOptionsSurrogate surrogate) => new()
    {
        BucketSize = surrogate.BucketSize,
        LookupConcurrency = surrogate.LookupConcurrency,
        DisjointPaths = surrogate.DisjointPaths,
        SplitDepth = surrogate.SplitDepth,
        ReplacementCacheSize = surrogate.ReplacementCacheSize,
        FailuresBeforeDrop = surrogate.FailuresBeforeDrop,
        ValueTimeToLive = surrogate.ValueTimeToLive,
        BucketRefreshInterval = surrogate.BucketRefreshInterval,
        RepublishInterval = surrogate.RepublishInterval,
        PublishInterval = surrogate.PublishInterval,
    };

    /// <inheritdoc/>
    public KademliaOptionsSurrogate ConvertToSurrogate(in KademliaOptions value) => new()
    {
        BucketSize = value.BucketSize,
        LookupConcurrency = value.LookupConcurrency,
        DisjointPaths = value.DisjointPaths,
        SplitDepth = value.SplitDepth,
        ReplacementCacheSize = value.ReplacementCacheSize,
        FailuresBeforeDrop = value.FailuresBeforeDrop,
        ValueTimeToLive = value.ValueTimeToLive,
        BucketRefreshInterval = value.BucketRefreshInterval,
        RepublishInterval = value.RepublishInterval,
        PublishInterval = value.PublishInterval,
    };
}
