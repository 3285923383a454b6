using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Transport.Udp.Tests.Contract;

/// <summary>Two endpoints, so that answers can leave from the wrong one.</summary>
public sealed class SeveralEndpointsContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(
        UdpEndpoint.Parse("127.0.0.1:0"), UdpEndpoint.Parse("127.0.0.1:0"));
}
