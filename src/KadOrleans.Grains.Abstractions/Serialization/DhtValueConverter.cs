using System.Runtime.InteropServices;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>A value between processes: its type, and its content as bytes or as a number.</summary>
[GenerateSerializer]
[Alias("kad.DhtValue")]
public struct DhtValueSurrogate
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
public sealed class DhtValueConverter : IConverter<DhtValue, DhtValueSurrogate>
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

    // What is written to a stream only is not copied for it.
    private static byte[] ArrayOf(ReadOnlyMemory<byte> content) =>
        MemoryMarshal.TryGetArray(content, out var segment) && segment.Array is { } array && array.Length == content.Length
            ? array
            : content.ToArray();
}
