using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Transport.Udp.Tests.Contract;

/// <summary>Read by a thread that reads other transports too, where the system has it.</summary>
public sealed class SharedThreadsContractTests : DatagramTransportContract
{
    protected override IDatagramTransport Create() => UdpTransport.Bind(
        new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")], SharesThreads = true });
}
