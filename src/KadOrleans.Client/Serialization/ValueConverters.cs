using System.Runtime.InteropServices;
using Orleans.Serialization.Cloning;

namespace KadOrleans.Client;

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
    [property: Id(6)] bool IsAuthored,
    [property: Id(7)] bool IsKept);

[RegisterConverter]
internal sealed class StoredValueConverter : IConverter<StoredValue, StoredValueSurrogate>
{
    public StoredValue ConvertFromSurrogate(in StoredValueSurrogate surrogate) =>
        new(surrogate.Value, surrogate.StoredAt, surrogate.ExpiresAt, surrogate.Source)
        {
            PublishedAt = surrogate.PublishedAt,
            IsFar = surrogate.IsFar,
            IsAuthored = surrogate.IsAuthored,
            IsKept = surrogate.IsKept,
        };

    public StoredValueSurrogate ConvertToSurrogate(in StoredValue value) =>
        new(value.Value, value.StoredAt, value.ExpiresAt, value.Source, value.PublishedAt, value.IsFar, value.IsAuthored, value.IsKept);
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
