namespace KadOrleans.Client;

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.KademliaOptions")]
internal record struct KademliaOptionsSurrogate(
    [property: Id(0)] int BucketSize,
    [property: Id(1)] int LookupConcurrency,
    [property: Id(2)] int DisjointPaths,
    [property: Id(3)] int SplitDepth,
    [property: Id(4)] int ReplacementCacheSize,
    [property: Id(5)] int FailuresBeforeDrop,
    [property: Id(6)] TimeSpan ValueTimeToLive,
    [property: Id(7)] TimeSpan BucketRefreshInterval,
    [property: Id(8)] TimeSpan RepublishInterval,
    [property: Id(9)] TimeSpan PublishInterval);

[RegisterConverter]
internal sealed class KademliaOptionsConverter() : SimpleConverter<KademliaOptions, KademliaOptionsSurrogate>(
    surrogate => new()
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
    },
    value => new(value.BucketSize, value.LookupConcurrency, value.DisjointPaths, value.SplitDepth, value.ReplacementCacheSize, value.FailuresBeforeDrop, value.ValueTimeToLive, value.BucketRefreshInterval, value.RepublishInterval, value.PublishInterval));
