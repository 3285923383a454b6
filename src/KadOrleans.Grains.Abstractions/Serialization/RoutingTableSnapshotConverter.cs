using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A picture of a table between processes.</summary>
[GenerateSerializer]
[Alias("kad.RoutingTableSnapshot")]
public struct RoutingTableSnapshotSurrogate
{
    /// <summary>Whose table it is.</summary>
    [Id(0)]
    public NodeId OwnId { get; set; }

    /// <summary>Of the table.</summary>
    [Id(1)]
    public long Version { get; set; }

    /// <summary>Its contacts.</summary>
    [Id(2)]
    public Contact[] Contacts { get; set; }

    /// <summary>Its buckets.</summary>
    [Id(3)]
    public BucketRoom[] Rooms { get; set; }
}

/// <summary>Carries <see cref="RoutingTableSnapshot"/> by <see cref="RoutingTableSnapshotSurrogate"/>.</summary>
[RegisterConverter]
public sealed class RoutingTableSnapshotConverter : IConverter<RoutingTableSnapshot, RoutingTableSnapshotSurrogate>
{
    /// <inheritdoc/>
    public RoutingTableSnapshot ConvertFromSurrogate(in RoutingTableSnapshotSurrogate surrogate) =>
        new(surrogate.OwnId, surrogate.Version, surrogate.Contacts, surrogate.Rooms);

    /// <inheritdoc/>
    public RoutingTableSnapshotSurrogate ConvertToSurrogate(in RoutingTableSnapshot value) => new()
    {
        OwnId = value.OwnId,
        Version = value.Version,
        Contacts = [.. value.Contacts],
        Rooms = [.. value.Rooms],
    };
}
