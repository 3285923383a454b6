using System.Buffers.Binary;
using System.Runtime.InteropServices;
using KadOrleans.Client;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.TypeSystem;

[assembly: TypeManifestProvider(typeof(ResultNames))]

namespace KadOrleans.Client;

/// <summary>A converter made of two functions. Types that each STORE carries have their own converters, which call no delegates.</summary>
internal abstract class SimpleConverter<TValue, TSurrogate>(Func<TSurrogate, TValue> read, Func<TValue, TSurrogate> write)
    : IConverter<TValue, TSurrogate>
    where TSurrogate : struct
{
    public TValue ConvertFromSurrogate(in TSurrogate surrogate) => read(surrogate);

    public TSurrogate ConvertToSurrogate(in TValue value) => write(value);
}

// Surrogates of core types were structs with properties. As records they must not include their parameters, or the bytes would change.

/// <summary>The 20 bytes of an id as three big-endian numbers.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.NodeId")]
internal record struct NodeIdSurrogate([property: Id(0)] ulong High, [property: Id(1)] ulong Middle, [property: Id(2)] uint Low);

[RegisterConverter]
internal sealed class NodeIdConverter : IConverter<NodeId, NodeIdSurrogate>
{
    public NodeId ConvertFromSurrogate(in NodeIdSurrogate surrogate)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, surrogate.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], surrogate.Middle);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], surrogate.Low);
        return new NodeId(bytes);
    }

    public NodeIdSurrogate ConvertToSurrogate(in NodeId value)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        value.CopyTo(bytes);
        return new NodeIdSurrogate(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));
    }
}

/// <summary>The IPv6 or IPv6-mapped address as two big-endian numbers, and the port.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.UdpEndpoint")]
internal record struct UdpEndpointSurrogate([property: Id(0)] ulong High, [property: Id(1)] ulong Low, [property: Id(2)] ushort Port);

[RegisterConverter]
internal sealed class UdpEndpointConverter : IConverter<UdpEndpoint, UdpEndpointSurrogate>
{
    public UdpEndpoint ConvertFromSurrogate(in UdpEndpointSurrogate surrogate)
    {
        Span<byte> address = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(address, surrogate.High);
        BinaryPrimitives.WriteUInt64BigEndian(address[8..], surrogate.Low);
        return UdpEndpoint.FromIPv6(address, surrogate.Port);
    }

    public UdpEndpointSurrogate ConvertToSurrogate(in UdpEndpoint value) => new(value.AddressHigh, value.AddressLow, value.Port);
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.Contact")]
internal record struct ContactSurrogate([property: Id(0)] NodeId Id, [property: Id(1)] UdpEndpoint Endpoint);

[RegisterConverter]
internal sealed class ContactConverter : IConverter<Contact, ContactSurrogate>
{
    public Contact ConvertFromSurrogate(in ContactSurrogate surrogate) => new(surrogate.Id, surrogate.Endpoint);

    public ContactSurrogate ConvertToSurrogate(in Contact value) => new(value.Id, value.Endpoint);
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketRange")]
internal record struct BucketRangeSurrogate([property: Id(0)] NodeId Prefix, [property: Id(1)] int Depth);

[RegisterConverter]
internal sealed class BucketRangeConverter() : SimpleConverter<BucketRange, BucketRangeSurrogate>(
    surrogate => new(surrogate.Prefix, surrogate.Depth),
    value => new(value.Prefix, value.Depth));

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.BucketRoom")]
internal record struct BucketRoomSurrogate([property: Id(0)] BucketRange Range, [property: Id(1)] bool HasRoom);

[RegisterConverter]
internal sealed class BucketRoomConverter() : SimpleConverter<BucketRoom, BucketRoomSurrogate>(
    surrogate => new(surrogate.Range, surrogate.HasRoom),
    value => new(value.Range, value.HasRoom));

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

// A value as its type and one of two contents. Kind: the type. Content: text in UTF-8, or bytes; else null. Number: a whole
// number, the bits of a float, or 0 and 1; else 0.
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.DhtValue")]
internal record struct DhtValueSurrogate([property: Id(0)] DhtValueKind Kind, [property: Id(1)] byte[]? Content, [property: Id(2)] Int128 Number);

[RegisterConverter]
internal sealed class DhtValueConverter : IConverter<DhtValue, DhtValueSurrogate>
{
    public DhtValue ConvertFromSurrogate(in DhtValueSurrogate surrogate) => surrogate.Kind switch
    {
        DhtValueKind.String => DhtValue.FromUtf8(surrogate.Content!),
        DhtValueKind.Bytes => DhtValue.FromBytes(surrogate.Content!),
        DhtValueKind.Integer => DhtValue.FromInteger(surrogate.Number),
        DhtValueKind.Float => DhtValue.FromFloat(BitConverter.Int64BitsToDouble((long)surrogate.Number)),
        DhtValueKind.Boolean => DhtValue.FromBoolean(surrogate.Number != 0),
        DhtValueKind.None => default,
    };

    public DhtValueSurrogate ConvertToSurrogate(in DhtValue value) => value.Kind switch
    {
        DhtValueKind.String => new(value.Kind, ArrayOf(value.AsUtf8()), 0),
        DhtValueKind.Bytes => new(value.Kind, ArrayOf(value.AsBytes()), 0),
        DhtValueKind.Integer => new(value.Kind, null, value.AsInteger()),
        DhtValueKind.Float => new(value.Kind, null, BitConverter.DoubleToInt64Bits(value.AsFloat())),
        DhtValueKind.Boolean => new(value.Kind, null, value.AsBoolean() ? 1 : 0),
        DhtValueKind.None => new(value.Kind, null, 0),
    };

    // Avoids a copy for content that is only written to a stream.
    private static byte[] ArrayOf(ReadOnlyMemory<byte> content) =>
        MemoryMarshal.TryGetArray(content, out var segment) && segment.Array is { } array && array.Length == content.Length
            ? array
            : content.ToArray();
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.SourceNetwork")]
internal record struct SourceNetworkSurrogate([property: Id(0)] ulong High, [property: Id(1)] ulong Low, [property: Id(2)] bool IsProven);

[RegisterConverter]
internal sealed class SourceNetworkConverter : IConverter<SourceNetwork, SourceNetworkSurrogate>
{
    public SourceNetwork ConvertFromSurrogate(in SourceNetworkSurrogate surrogate) =>
        new SourceNetwork(surrogate.High, surrogate.Low).WithProof(surrogate.IsProven);

    public SourceNetworkSurrogate ConvertToSurrogate(in SourceNetwork value) =>
        new(value.Address.High, value.Address.Low, value.IsProven);
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.StoredValue")]
internal record struct StoredValueSurrogate(
    [property: Id(0)] DhtValue Value,
    [property: Id(1)] DateTimeOffset StoredAt,
    [property: Id(2)] DateTimeOffset ExpiresAt,
    [property: Id(3)] SourceNetwork Source,
    [property: Id(4)] DateTimeOffset? PublishedAt,
    [property: Id(5)] bool IsFar,
    [property: Id(6)] bool IsAuthored);

[RegisterConverter]
internal sealed class StoredValueConverter : IConverter<StoredValue, StoredValueSurrogate>
{
    public StoredValue ConvertFromSurrogate(in StoredValueSurrogate surrogate) =>
        new(surrogate.Value, surrogate.StoredAt, surrogate.ExpiresAt, surrogate.Source)
        {
            PublishedAt = surrogate.PublishedAt,
            IsFar = surrogate.IsFar,
            IsAuthored = surrogate.IsAuthored,
        };

    public StoredValueSurrogate ConvertToSurrogate(in StoredValue value) =>
        new(value.Value, value.StoredAt, value.ExpiresAt, value.Source, value.PublishedAt, value.IsFar, value.IsAuthored);
}

/// <summary>A held value is immutable, so calls within a silo do not copy it.</summary>
[RegisterCopier]
internal sealed class StoredValueCopier : ShallowCopier<StoredValue>;

[RegisterCopier]
internal sealed class DhtValueCopier : ShallowCopier<DhtValue>;

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.KeyRegion")]
internal record struct KeyRegionSurrogate([property: Id(0)] NodeId Bits, [property: Id(1)] NodeId Mask);

[RegisterConverter]
internal sealed class KeyRegionConverter() : SimpleConverter<KeyRegion, KeyRegionSurrogate>(
    surrogate => new(surrogate.Bits, surrogate.Mask),
    value => new(value.Bits, value.Mask));

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

// The names of results on the wire. Their projects do not know Orleans, so they cannot have attributes. They were records with
// these members, so their surrogates include parameters as records do: the bytes are the same.
internal sealed class ResultNames : TypeManifestProviderBase
{
    protected override void ConfigureInner(TypeManifestOptions options)
    {
        options.WellKnownTypeAliases["kad.DhtLookup"] = typeof(LookupOutcome);
        options.WellKnownTypeAliases["kad.DhtGetResult"] = typeof(GetResult);
        options.WellKnownTypeAliases["kad.DhtSetResult"] = typeof(SetResult);
        options.WellKnownTypeAliases["kad.DhtPingResult"] = typeof(PingResult);
        options.WellKnownTypeAliases["kad.AdminHolder"] = typeof(KeyHolder);
        options.WellKnownTypeAliases["kad.AdminTrace"] = typeof(LookupTrace);
        options.WellKnownTypeAliases["kad.AdminQuery"] = typeof(LookupQuery);
    }
}

// A response has the name of its result's type. NameUse has no alias, so silos and edges of the builds before know it only by its former
// name and assembly. It is written and read by these.
internal sealed class FormerNames : ITypeConverter
{
    public static readonly ServiceDescriptor Service = ServiceDescriptor.Singleton<ITypeConverter, FormerNames>();

    private static readonly Dictionary<Type, string> Names = new()
    {
        [typeof(NameUse)] = Former(typeof(NameUse)),
        [typeof(Response<NameUse>)] = Former(typeof(Response<NameUse>)),
    };

    public bool TryFormat(Type type, out string formatted) => Names.TryGetValue(type, out formatted!);

    public bool TryParse(string formatted, out Type type)
    {
        type = Names.FirstOrDefault(name => name.Value == formatted).Key;
        return type is not null;
    }

    private static string Former(Type type) => RuntimeTypeNameFormatter.Format(type).Replace(
        RuntimeTypeNameFormatter.Format(typeof(NameUse)),
        "KadOrleans.Grains.Abstractions.Edges.NameUse,KadOrleans.Grains.Abstractions",
        StringComparison.Ordinal);
}

/// <summary>A lookup without its target, which the caller knows, and without its value, which is sent beside it.</summary>
[GenerateSerializer]
internal record struct LookupOutcomeSurrogate(
    [property: Id(0)] TerminationReason Reason,
    [property: Id(1)] IReadOnlyList<Contact> Closest,
    [property: Id(2)] int Asked,
    [property: Id(3)] int Answered,
    [property: Id(4)] int Failed,
    [property: Id(5)] int Hops,
    [property: Id(6)] int Agreed,
    [property: Id(7)] int Differed,
    [property: Id(8)] int Crowded);

[RegisterConverter]
internal sealed class LookupOutcomeConverter() : SimpleConverter<LookupOutcome, LookupOutcomeSurrogate>(
    surrogate => new()
    {
        Target = default,
        Reason = surrogate.Reason,
        Closest = surrogate.Closest,
        Asked = surrogate.Asked,
        Answered = surrogate.Answered,
        Failed = surrogate.Failed,
        Hops = surrogate.Hops,
        Agreed = surrogate.Agreed,
        Differed = surrogate.Differed,
        Crowded = surrogate.Crowded,
    },
    value => new(value.Reason, value.Closest, value.Asked, value.Answered, value.Failed, value.Hops, value.Agreed, value.Differed, value.Crowded));

[GenerateSerializer]
internal record struct GetResultSurrogate([property: Id(0)] DhtValue? Value, [property: Id(1)] LookupOutcome? Lookup);

[RegisterConverter]
internal sealed class GetResultConverter() : SimpleConverter<GetResult, GetResultSurrogate>(
    surrogate => new(surrogate.Value, surrogate.Lookup is { } lookup ? lookup with { Value = surrogate.Value } : null),
    value => new(value.Value, value.Lookup));

/// <summary>Local is the cluster's copy. The publication is not sent: the caller sets it.</summary>
[GenerateSerializer]
internal record struct SetResultSurrogate(
    [property: Id(0)] StoreResult? Local,
    [property: Id(1)] int Stored,
    [property: Id(2)] int Refused,
    [property: Id(3)] int Failed,
    [property: Id(4)] LookupOutcome? Lookup);

[RegisterConverter]
internal sealed class SetResultConverter() : SimpleConverter<SetResult, SetResultSurrogate>(
    surrogate => new()
    {
        Local = surrogate.Local,
        Stored = surrogate.Stored,
        Refused = surrogate.Refused,
        Failed = surrogate.Failed,
        Lookup = surrogate.Lookup,
    },
    value => new(value.Local, value.Stored, value.Refused, value.Failed, value.Lookup));

/// <summary>The kind of a failure is not sent: the caller gets <see cref="RequestFailure.TimedOut"/>.</summary>
[GenerateSerializer]
internal record struct PingResultSurrogate([property: Id(0)] bool Answered, [property: Id(1)] NodeId? Id, [property: Id(2)] TimeSpan RoundTrip);

[RegisterConverter]
internal sealed class PingResultConverter() : SimpleConverter<PingResult, PingResultSurrogate>(
    surrogate => new(surrogate.Id, surrogate.Answered ? null : RequestFailure.TimedOut, surrogate.RoundTrip),
    value => new(value.Answered, value.Id, value.RoundTrip));

[GenerateSerializer]
internal record struct KeyHolderSurrogate([property: Id(0)] Contact Contact, [property: Id(1)] bool Answered, [property: Id(2)] DhtValue? Value);

[RegisterConverter]
internal sealed class KeyHolderConverter() : SimpleConverter<KeyHolder, KeyHolderSurrogate>(
    surrogate => new(surrogate.Contact, surrogate.Answered, surrogate.Value),
    value => new(value.Contact, value.Answered, value.Value));

[GenerateSerializer]
internal record struct LookupTraceSurrogate(
    [property: Id(0)] NodeId From,
    [property: Id(1)] LookupOutcome Outcome,
    [property: Id(2)] DhtValue? Value,
    [property: Id(3)] TimeSpan Duration,
    [property: Id(4)] IReadOnlyList<LookupQuery> Queries);

[RegisterConverter]
internal sealed class LookupTraceConverter() : SimpleConverter<LookupTrace, LookupTraceSurrogate>(
    surrogate => new(surrogate.From, surrogate.Outcome with { Value = surrogate.Value }, surrogate.Duration, surrogate.Queries),
    value => new(value.From, value.Outcome, value.Outcome.Value, value.Duration, value.Queries));

[GenerateSerializer]
internal record struct LookupQuerySurrogate(
    [property: Id(0)] Contact Contact,
    [property: Id(1)] int? NamedBy,
    [property: Id(2)] int Hops,
    [property: Id(3)] TimeSpan SentAt,
    [property: Id(4)] TimeSpan? Took,
    [property: Id(5)] QueryResult Result,
    [property: Id(6)] int Named,
    [property: Id(7)] DhtValue? Value);

[RegisterConverter]
internal sealed class LookupQueryConverter() : SimpleConverter<LookupQuery, LookupQuerySurrogate>(
    one => new(one.Contact, one.NamedBy, one.Hops, one.SentAt, one.Took, one.Result, one.Named, one.Value),
    value => new(value.Contact, value.NamedBy, value.Hops, value.SentAt, value.Took, value.Result, value.Named, value.Value));
