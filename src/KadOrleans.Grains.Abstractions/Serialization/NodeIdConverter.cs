using System.Buffers.Binary;
using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>An id between processes: its 20 bytes as three numbers.</summary>
[GenerateSerializer]
[Alias("kad.NodeId")]
public struct NodeIdSurrogate
{
    /// <summary>The first 8 bytes, big-endian.</summary>
    [Id(0)]
    public ulong High { get; set; }

    /// <summary>The next 8.</summary>
    [Id(1)]
    public ulong Middle { get; set; }

    /// <summary>The last 4.</summary>
    [Id(2)]
    public uint Low { get; set; }
}

/// <summary>Carries <see cref="NodeId"/> by <see cref="NodeIdSurrogate"/>.</summary>
[RegisterConverter]
public sealed class NodeIdConverter : IConverter<NodeId, NodeIdSurrogate>
{
    /// <inheritdoc/>
    public NodeId ConvertFromSurrogate(in NodeIdSurrogate surrogate)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, surrogate.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], surrogate.Middle);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], surrogate.Low);
        return new NodeId(bytes);
    }

    /// <inheritdoc/>
    public NodeIdSurrogate ConvertToSurrogate(in NodeId value)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        value.CopyTo(bytes);
        return new NodeIdSurrogate
        {
            High = BinaryPrimitives.ReadUInt64BigEndian(bytes),
            Middle = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            Low = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]),
        };
    }
}
