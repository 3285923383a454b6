using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Transport.Udp.Tests.Contract;

/// <summary>The way for all systems, on those too that have a faster one.</summary>
public sealed class PortableContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(new UdpTransportOptions
    {
        Listen = [UdpEndpoint.Parse("127.0.0.1:0"), UdpEndpoint.Parse("127.0.0.1:0")],
        IsPortable = true,
    });
}
