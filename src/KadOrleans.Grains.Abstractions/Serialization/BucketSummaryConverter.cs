using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A bucket as people see it, between processes.</summary>
[GenerateSerializer]
[Alias("kad.BucketSummary")]
public struct BucketSummarySurrogate
{
    /// <summary>The lowest id it covers.</summary>
    [Id(0)]
    public NodeId Prefix { get; set; }

    /// <summary>Bits that all its ids share.</summary>
    [Id(1)]
    public int Depth { get; set; }

    /// <summary>Contacts.</summary>
    [Id(2)]
    public int Count { get; set; }

    /// <summary>Contacts that wait for a place.</summary>
    [Id(3)]
    public int Replacements { get; set; }

    /// <summary>When a lookup last aimed into it.</summary>
    [Id(4)]
    public DateTimeOffset LastLookup { get; set; }
}

/// <summary>Carries <see cref="BucketSummary"/> by <see cref="BucketSummarySurrogate"/>.</summary>
[RegisterConverter]
public sealed class BucketSummaryConverter : IConverter<BucketSummary, BucketSummarySurrogate>
{
    /// <inheritdoc/>
    public BucketSummary ConvertFromSurrogate(in BucketSummarySurrogate surrogate) =>
        new(surrogate.Prefix, surrogate.Depth, surrogate.Count, surrogate.Replacements, surrogate.LastLookup);

    /// <inheritdoc/>
    public BucketSummarySurrogate ConvertToSurrogate(in BucketSummary value) => new()
    {
        Prefix = value.Prefix,
        Depth = value.Depth,
        Count = value.Count,
        Replacements = value.Replacements,
        LastLookup = value.LastLookup,
    };
}
