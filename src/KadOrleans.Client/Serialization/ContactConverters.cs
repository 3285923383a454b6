using System.Buffers.Binary;

namespace KadOrleans.Client;

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
