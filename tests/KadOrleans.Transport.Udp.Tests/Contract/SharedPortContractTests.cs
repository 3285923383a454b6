using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Transport.Udp.Tests.Contract;

/// <summary>Two sockets on one port, where the system shares ports.</summary>
public sealed class SharedPortContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(
        new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")], SocketsPerEndpoint = 2 });
}
