using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Transport.Udp.Tests.Contract;

/// <summary>As a node has it by default: one address, one socket.</summary>
public sealed class OneEndpointContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0"));
}
