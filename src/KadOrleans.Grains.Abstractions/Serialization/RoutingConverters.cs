using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A range of ids between processes.</summary>
[GenerateSerializer]
[Alias("kad.BucketRange")]
internal struct BucketRangeSurrogate
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
internal sealed class BucketRangeConverter : IConverter<BucketRange, BucketRangeSurrogate>
{
    /// <inheritdoc/>
    public BucketRange ConvertFromSurrogate(in BucketRangeSurrogate surrogate) => new(surrogate.Prefix, surrogate.Depth);

    /// <inheritdoc/>
    public BucketRangeSurrogate ConvertToSurrogate(in BucketRange value) => new() { Prefix = value.Prefix, Depth = value.Depth };
}

/// <summary>The room in a bucket, between processes.</summary>
[GenerateSerializer]
[Alias("kad.BucketRoom")]
internal struct BucketRoomSurrogate
{
    /// <summary>Its range.</summary>
    [Id(0)]
    public BucketRange Range { get; set; }

    /// <summary>Whether new contacts have room.</summary>
    [Id(1)]
    public bool HasRoom { get; set; }
}

/// <summary>Carries <see cref="BucketRoom"/> by <see cref="BucketRoomSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class BucketRoomConverter : IConverter<BucketRoom, BucketRoomSurrogate>
{
    /// <inheritdoc/>
    public BucketRoom ConvertFromSurrogate(in BucketRoomSurrogate surrogate) => new(surrogate.Range, surrogate.HasRoom);

    /// <inheritdoc/>
    public BucketRoomSurrogate ConvertToSurrogate(in BucketRoom value) => new() { Range = value.Range, HasRoom = value.HasRoom };
}

/// <summary>A snapshot of a table, between processes.</summary>
[GenerateSerializer]
[Alias("kad.RoutingTableSnapshot")]
internal struct RoutingTableSnapshotSurrogate
{
    /// <summary>Whose table it is.</summary>
    [Id(0)]
    public NodeId OwnId { get; set; }

    /// <summary>The snapshot's version.</summary>
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
internal sealed class RoutingTableSnapshotConverter : IConverter<RoutingTableSnapshot, RoutingTableSnapshotSurrogate>
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

/// <summary>A difference between snapshots, between processes.</summary>
[GenerateSerializer]
[Alias("kad.SnapshotChange")]
internal struct SnapshotChangeSurrogate
{
    /// <summary>Whose table it is.</summary>
    [Id(0)]
    public NodeId OwnId { get; set; }

    /// <summary>The version of the older snapshot.</summary>
    [Id(1)]
    public long From { get; set; }

    /// <summary>The version of the newer one.</summary>
    [Id(2)]
    public long To { get; set; }

    /// <summary>The ids of contacts that left.</summary>
    [Id(3)]
    public NodeId[] Removed { get; set; }

    /// <summary>Contacts that came or changed.</summary>
    [Id(4)]
    public Contact[] Added { get; set; }

    /// <summary>Buckets that came or changed.</summary>
    [Id(5)]
    public BucketRoom[] Rooms { get; set; }
}

/// <summary>Carries <see cref="SnapshotChange"/> by <see cref="SnapshotChangeSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class SnapshotChangeConverter : IConverter<SnapshotChange, SnapshotChangeSurrogate>
{
    /// <inheritdoc/>
    public SnapshotChange ConvertFromSurrogate(in SnapshotChangeSurrogate surrogate) =>
        new(surrogate.OwnId, surrogate.From, surrogate.To, surrogate.Removed, surrogate.Added, surrogate.Rooms);

    /// <inheritdoc/>
    public SnapshotChangeSurrogate ConvertToSurrogate(in SnapshotChange value) => new()
    {
        OwnId = value.OwnId,
        From = value.From,
        To = value.To,
        Removed = [.. value.Removed],
        Added = [.. value.Added],
        Rooms = [.. value.Rooms],
    };
}

/// <summary>A summary of a bucket, between processes.</summary>
[GenerateSerializer]
[Alias("kad.BucketSummary")]
internal struct BucketSummarySurrogate
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

    /// <summary>Contacts in the replacement cache.</summary>
    [Id(3)]
    public int Replacements { get; set; }

    /// <summary>Time of the last lookup in its range.</summary>
    [Id(4)]
    public DateTimeOffset LastLookup { get; set; }
}

/// <summary>Carries <see cref="BucketSummary"/> by <see cref="BucketSummarySurrogate"/>.</summary>
[RegisterConverter]
internal sealed class BucketSummaryConverter : IConverter<BucketSummary, BucketSummarySurrogate>
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

/// <summary>An observation between processes.</summary>
[GenerateSerializer]
[Alias("kad.ContactObservation")]
internal struct ContactObservationSurrogate
{
    /// <summary>The kind of observation.</summary>
    [Id(0)]
    public ObservationKind Kind { get; set; }

    /// <summary>The contact.</summary>
    [Id(1)]
    public Contact Contact { get; set; }
}

/// <summary>Carries <see cref="ContactObservation"/> by <see cref="ContactObservationSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class ContactObservationConverter : IConverter<ContactObservation, ContactObservationSurrogate>
{
    /// <inheritdoc/>
    public ContactObservation ConvertFromSurrogate(in ContactObservationSurrogate surrogate) =>
        new(surrogate.Kind, surrogate.Contact);

    /// <inheritdoc/>
    public ContactObservationSurrogate ConvertToSurrogate(in ContactObservation value) => new() { Kind = value.Kind, Contact = value.Contact };
}
