using System.Buffers.Binary;
using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>An id on the wire between processes: its 20 bytes as three numbers.</summary>
[GenerateSerializer]
[Alias("kad.NodeId")]
internal struct NodeIdSurrogate
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
internal sealed class NodeIdConverter : IConverter<NodeId, NodeIdSurrogate>
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

/// <summary>An endpoint between processes: its IPv6 or IPv6-mapped address as two numbers, and the port.</summary>
[GenerateSerializer]
[Alias("kad.UdpEndpoint")]
internal struct UdpEndpointSurrogate
{
    /// <summary>Upper half of the address.</summary>
    [Id(0)]
    public ulong High { get; set; }

    /// <summary>Lower half.</summary>
    [Id(1)]
    public ulong Low { get; set; }

    /// <summary>The port.</summary>
    [Id(2)]
    public ushort Port { get; set; }
}

/// <summary>Carries <see cref="UdpEndpoint"/> by <see cref="UdpEndpointSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class UdpEndpointConverter : IConverter<UdpEndpoint, UdpEndpointSurrogate>
{
    /// <inheritdoc/>
    public UdpEndpoint ConvertFromSurrogate(in UdpEndpointSurrogate surrogate)
    {
        Span<byte> address = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(address, surrogate.High);
        BinaryPrimitives.WriteUInt64BigEndian(address[8..], surrogate.Low);
        return UdpEndpoint.FromIPv6(address, surrogate.Port);
    }

    /// <inheritdoc/>
    public UdpEndpointSurrogate ConvertToSurrogate(in UdpEndpoint value) => new()
    {
        High = value.AddressHigh,
        Low = value.AddressLow,
        Port = value.Port,
    };
}

/// <summary>A contact between processes.</summary>
[GenerateSerializer]
[Alias("kad.Contact")]
internal struct ContactSurrogate
{
    /// <summary>Its id.</summary>
    [Id(0)]
    public NodeId Id { get; set; }

    /// <summary>Where it is reached.</summary>
    [Id(1)]
    public UdpEndpoint Endpoint { get; set; }
}

/// <summary>Carries <see cref="Contact"/> by <see cref="ContactSurrogate"/>.</summary>
[RegisterConverter]
internal sealed class ContactConverter : IConverter<Contact, ContactSurrogate>
{
    /// <inheritdoc/>
    public Contact ConvertFromSurrogate(in ContactSurrogate surrogate) => new(surrogate.Id, surrogate.Endpoint);

    /// <inheritdoc/>
    public ContactSurrogate ConvertToSurrogate(in Contact value) => new() { Id = value.Id, Endpoint = value.Endpoint };
}
