using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using Orleans.Serialization.Cloning;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A value between processes: its type, and its content as bytes or as a number.</summary>
[GenerateSerializer]
[Alias("kad.DhtValue")]
internal struct DhtValueSurrogate
{
    /// <summary>Its type.</summary>
    [Id(0)]
    public DhtValueKind Kind { get; set; }

    /// <summary>Text in UTF-8, or bytes; else null.</summary>
    [Id(1)]
    public byte[]? Content { get; set; }

    /// <summary>A whole number, the bits of a float, or 0 and 1; else 0.</summary>
    [Id(2)]
    public Int128 Number { get; set; }
}

/// <summary>Carries <see cref="DhtValue"/> by <see cref="DhtValueSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class DhtValueConverter : IConverter<DhtValue, DhtValueSurrogate>
{
    /// <inheritdoc/>
    public DhtValue ConvertFromSurrogate(in DhtValueSurrogate surrogate) => surrogate.Kind switch
    {
        DhtValueKind.String => DhtValue.FromUtf8(surrogate.Content!),
        DhtValueKind.Bytes => DhtValue.FromBytes(surrogate.Content!),
        DhtValueKind.Integer => DhtValue.FromInteger(surrogate.Number),
        DhtValueKind.Float => DhtValue.FromFloat(BitConverter.Int64BitsToDouble((long)surrogate.Number)),
        DhtValueKind.Boolean => DhtValue.FromBoolean(surrogate.Number != 0),
        _ => default,
    };

    /// <inheritdoc/>
    public DhtValueSurrogate ConvertToSurrogate(in DhtValue value) => new()
    {
        Kind = value.Kind,
        Content = value.Kind switch
        {
            DhtValueKind.String => ArrayOf(value.AsUtf8()),
            DhtValueKind.Bytes => ArrayOf(value.AsBytes()),
            _ => null,
        },
        Number = value.Kind switch
        {
            DhtValueKind.Integer => value.AsInteger(),
            DhtValueKind.Float => BitConverter.DoubleToInt64Bits(value.AsFloat()),
            DhtValueKind.Boolean => value.AsBoolean() ? 1 : 0,
            _ => 0,
        },
    };

    // Avoids a copy for content that is only written to a stream.
    private static byte[] ArrayOf(ReadOnlyMemory<byte> content) =>
        MemoryMarshal.TryGetArray(content, out var segment) && segment.Array is { } array && array.Length == content.Length
            ? array
            : content.ToArray();
}

/// <summary>The source that a value is counted against, between processes.</summary>
[GenerateSerializer]
[Alias("kad.SourceNetwork")]
internal struct SourceNetworkSurrogate
{
    /// <summary>Upper half of the address.</summary>
    [Id(0)]
    public ulong High { get; set; }

    /// <summary>Lower half.</summary>
    [Id(1)]
    public ulong Low { get; set; }
}

/// <summary>Carries <see cref="SourceNetwork"/> by <see cref="SourceNetworkSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class SourceNetworkConverter : IConverter<SourceNetwork, SourceNetworkSurrogate>
{
    /// <inheritdoc/>
    public SourceNetwork ConvertFromSurrogate(in SourceNetworkSurrogate surrogate) => new(surrogate.High, surrogate.Low);

    /// <inheritdoc/>
    public SourceNetworkSurrogate ConvertToSurrogate(in SourceNetwork value) => new() { High = value.High, Low = value.Low };
}

/// <summary>A held value between processes.</summary>
[GenerateSerializer]
[Alias("kad.StoredValue")]
internal struct StoredValueSurrogate
{
    /// <summary>The value.</summary>
    [Id(0)]
    public DhtValue Value { get; set; }

    /// <summary>When the last STORE of it arrived.</summary>
    [Id(1)]
    public DateTimeOffset StoredAt { get; set; }

    /// <summary>When it expires.</summary>
    [Id(2)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The source that it is counted against.</summary>
    [Id(3)]
    public SourceNetwork Source { get; set; }

    /// <summary>The cluster's last publication, or null.</summary>
    [Id(4)]
    public DateTimeOffset? PublishedAt { get; set; }

    /// <summary>Whether the edge that received it is not responsible for its key.</summary>
    [Id(5)]
    public bool IsFar { get; set; }
}

/// <summary>Carries <see cref="StoredValue"/> by <see cref="StoredValueSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class StoredValueConverter : IConverter<StoredValue, StoredValueSurrogate>
{
    /// <inheritdoc/>
    public StoredValue ConvertFromSurrogate(in StoredValueSurrogate surrogate) =>
        new(surrogate.Value, surrogate.StoredAt, surrogate.ExpiresAt, surrogate.Source)
        {
            PublishedAt = surrogate.PublishedAt,
            IsFar = surrogate.IsFar,
        };

    /// <inheritdoc/>
    public StoredValueSurrogate ConvertToSurrogate(in StoredValue value) => new()
    {
        Value = value.Value,
        StoredAt = value.StoredAt,
        ExpiresAt = value.ExpiresAt,
        Source = value.Source,
        PublishedAt = value.PublishedAt,
        IsFar = value.IsFar,
    };
}

/// <summary>A held value is immutable, so calls within a silo do not copy it.</summary>
[RegisterCopier]
internal sealed class StoredValueCopier : ShallowCopier<StoredValue>;

/// <inheritdoc cref="StoredValueCopier"/>
[RegisterCopier]
internal sealed class DhtValueCopier : ShallowCopier<DhtValue>;

/// <summary>A region of keys between processes.</summary>
[GenerateSerializer]
[Alias("kad.KeyRegion")]
internal struct KeyRegionSurrogate
{
    /// <summary>The bits.</summary>
    [Id(0)]
    public NodeId Bits { get; set; }

    /// <summary>Which bits it fixes.</summary>
    [Id(1)]
    public NodeId Mask { get; set; }
}

/// <summary>Carries <see cref="KeyRegion"/> by <see cref="KeyRegionSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class KeyRegionConverter : IConverter<KeyRegion, KeyRegionSurrogate>
{
    /// <inheritdoc/>
    public KeyRegion ConvertFromSurrogate(in KeyRegionSurrogate surrogate) => new(surrogate.Bits, surrogate.Mask);

    /// <inheritdoc/>
    public KeyRegionSurrogate ConvertToSurrogate(in KeyRegion value) => new() { Bits = value.Bits, Mask = value.Mask };
}
