using Orleans.Serialization.Cloning;

namespace KadOrleans.Client;

/// <summary>A value between processes: the bytes that storage has of it.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.Encoded")]
internal record struct EncodedSurrogate([property: Id(0)] byte[] Bytes)
{
    /// <exception cref="InvalidDataException">No build writes these bytes.</exception>
    public readonly InvalidDataException Damaged(string what) => new($"A message has {Bytes?.Length ?? 0} bytes that are not {what}.");
}

[RegisterConverter]
internal sealed class DhtValueConverter : IConverter<DhtValue, EncodedSurrogate>
{
    public DhtValue ConvertFromSurrogate(in EncodedSurrogate surrogate) =>
        ValueContent.TryDecode(surrogate.Bytes, out var value) ? value : surrogate.Bytes is [] ? default : throw surrogate.Damaged("a value");

    public EncodedSurrogate ConvertToSurrogate(in DhtValue value) => new(ValueContent.Encode(value));
}

[RegisterConverter]
internal sealed class SourceNetworkConverter : IConverter<SourceNetwork, EncodedSurrogate>
{
    public SourceNetwork ConvertFromSurrogate(in EncodedSurrogate surrogate) => surrogate.Bytes is { Length: SourceNetwork.EncodedLength } bytes
        ? SourceNetwork.Decode(bytes)
        : throw surrogate.Damaged("a source");

    public EncodedSurrogate ConvertToSurrogate(in SourceNetwork value)
    {
        var bytes = new byte[SourceNetwork.EncodedLength];
        value.CopyTo(bytes);
        return new(bytes);
    }
}

[RegisterConverter]
internal sealed class StoredValueConverter : IConverter<StoredValue, EncodedSurrogate>
{
    public StoredValue ConvertFromSurrogate(in EncodedSurrogate surrogate) =>
        StoredValueCodec.TryRead(surrogate.Bytes, out var value) ? value : throw surrogate.Damaged("a held value");

    public EncodedSurrogate ConvertToSurrogate(in StoredValue value) => new(StoredValueCodec.Encode(value));
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
