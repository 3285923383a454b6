using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>The room in a bucket, between processes.</summary>
[GenerateSerializer]
[Alias("kad.BucketRoom")]
public struct BucketRoomSurrogate
{
    /// <summary>What it covers.</summary>
    [Id(0)]
    public BucketRange Range { get; set; }

    /// <summary>Whether newcomers find a place.</summary>
    [Id(1)]
    public bool HasRoom { get; set; }
}

/// <summary>Carries <see cref="BucketRoom"/> by <see cref="BucketRoomSurrogate"/>.</summary>
[RegisterConverter]
public sealed class BucketRoomConverter : IConverter<BucketRoom, BucketRoomSurrogate>
{
    /// <inheritdoc/>
    public BucketRoom ConvertFromSurrogate(in BucketRoomSurrogate surrogate) => new(surrogate.Range, surrogate.HasRoom);

    /// <inheritdoc/>
    public BucketRoomSurrogate ConvertToSurrogate(in BucketRoom value) => new() { Range = value.Range, HasRoom = value.HasRoom };
}
