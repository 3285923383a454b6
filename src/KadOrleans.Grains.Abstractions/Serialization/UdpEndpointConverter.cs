using System.Buffers.Binary;
using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Serialization;

/// <summary>An endpoint between processes: its IPv6 or IPv6-mapped address as two numbers, and the port.</summary>
[GenerateSerializer]
[Alias("kad.UdpEndpoint")]
public struct UdpEndpointSurrogate
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
public sealed class UdpEndpointConverter : IConverter<UdpEndpoint, UdpEndpointSurrogate>
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
