namespace KadOrleans.Client;

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketRange")]
internal record struct BucketRangeSurrogate([property: Id(0)] NodeId Prefix, [property: Id(1)] int Depth);

[RegisterConverter]
internal sealed class BucketRangeConverter() : SimpleConverter<BucketRange, BucketRangeSurrogate>(
    surrogate => new(surrogate.Prefix, surrogate.Depth),
    value => new(value.Prefix, value.Depth));

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketRoom")]
internal record struct BucketRoomSurrogate([property: Id(0)] BucketRange Range, [property: Id(1)] bool HasRoom, [property: Id(2)] bool IsFull);

[RegisterConverter]
internal sealed class BucketRoomConverter() : SimpleConverter<BucketRoom, BucketRoomSurrogate>(
    surrogate => new(surrogate.Range, surrogate.HasRoom) { IsFull = surrogate.IsFull },
    value => new(value.Range, value.HasRoom, value.IsFull));

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.RoutingTableSnapshot")]
internal record struct RoutingTableSnapshotSurrogate(
    [property: Id(0)] NodeId OwnId, [property: Id(1)] long Version, [property: Id(2)] Contact[] Contacts, [property: Id(3)] BucketRoom[] Rooms);

[RegisterConverter]
internal sealed class RoutingTableSnapshotConverter() : SimpleConverter<RoutingTableSnapshot, RoutingTableSnapshotSurrogate>(
    surrogate => new(surrogate.OwnId, surrogate.Version, surrogate.Contacts, surrogate.Rooms),
    value => new(value.OwnId, value.Version, [.. value.Contacts], [.. value.Rooms]));

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.SnapshotChange")]
internal record struct SnapshotChangeSurrogate(
    [property: Id(0)] NodeId OwnId,
    [property: Id(1)] long From,
    [property: Id(2)] long To,
    [property: Id(3)] NodeId[] Removed,
    [property: Id(4)] Contact[] Added,
    [property: Id(5)] BucketRoom[] Rooms);

[RegisterConverter]
internal sealed class SnapshotChangeConverter() : SimpleConverter<SnapshotChange, SnapshotChangeSurrogate>(
    surrogate => new(surrogate.OwnId, surrogate.From, surrogate.To, surrogate.Removed, surrogate.Added, surrogate.Rooms),
    value => new(value.OwnId, value.From, value.To, [.. value.Removed], [.. value.Added], [.. value.Rooms]));

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketSummary")]
internal record struct BucketSummarySurrogate(
    [property: Id(0)] NodeId Prefix,
    [property: Id(1)] int Depth,
    [property: Id(2)] int Count,
    [property: Id(3)] int Replacements,
    [property: Id(4)] DateTimeOffset LastLookup);

[RegisterConverter]
internal sealed class BucketSummaryConverter() : SimpleConverter<BucketSummary, BucketSummarySurrogate>(
    surrogate => new(surrogate.Prefix, surrogate.Depth, surrogate.Count, surrogate.Replacements, surrogate.LastLookup),
    value => new(value.Prefix, value.Depth, value.Count, value.Replacements, value.LastLookup));

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ContactObservation")]
internal record struct ContactObservationSurrogate([property: Id(0)] ObservationKind Kind, [property: Id(1)] Contact Contact);

[RegisterConverter]
internal sealed class ContactObservationConverter() : SimpleConverter<ContactObservation, ContactObservationSurrogate>(
    surrogate => new(surrogate.Kind, surrogate.Contact),
    value => new(value.Kind, value.Contact));
