namespace KadOrleans.Tests.Udp;

/// <summary>As a node has it by default: one address, one socket.</summary>
public sealed class OneEndpointContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0"));
}

/// <summary>Two endpoints, so that answers can leave from the wrong one.</summary>
public sealed class SeveralEndpointsContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(
        UdpEndpoint.Parse("127.0.0.1:0"), UdpEndpoint.Parse("127.0.0.1:0"));
}

/// <summary>Two sockets on one port, where the system shares ports.</summary>
public sealed class SharedPortContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(
        new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")], SocketsPerEndpoint = 2 });
}

/// <summary>The way for all systems, on those too that have a faster one.</summary>
public sealed class PortableContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(new UdpTransportOptions
    {
        Listen = [UdpEndpoint.Parse("127.0.0.1:0"), UdpEndpoint.Parse("127.0.0.1:0")],
        IsPortable = true,
    });
}
