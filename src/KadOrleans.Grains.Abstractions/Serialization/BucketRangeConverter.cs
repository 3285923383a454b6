using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A range of ids between processes.</summary>
[GenerateSerializer]
[Alias("kad.BucketRange")]
public struct BucketRangeSurrogate
{
    /// <summary>The lowest id.</summary>
    [Id(0)]
    public NodeId Prefix { get; set; }

    /// <summary>Bits that all ids of it share.</summary>
    [Id(1)]
    public int Depth { get; set; }
}

/// <summary>Carries <see cref="BucketRange"/> by <see cref="BucketRangeSurrogate"/>.</summary>
[RegisterConverter]
public sealed class BucketRangeConverter : IConverter<BucketRange, BucketRangeSurrogate>
{
    /// <inheritdoc/>
    public BucketRange ConvertFromSurrogate(in BucketRangeSurrogate surrogate) => new(surrogate.Prefix, surrogate.Depth);

    /// <inheritdoc/>
    public BucketRangeSurrogate ConvertToSurrogate(in BucketRange value) => new() { Prefix = value.Prefix, Depth = value.Depth };
}
