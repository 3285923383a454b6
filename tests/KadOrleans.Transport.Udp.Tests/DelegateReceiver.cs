using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Transport.Udp.Tests;

internal sealed class DelegateReceiver(DelegateReceiver.Handler handler) : IDatagramReceiver
{
    internal delegate void Handler(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route);

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age) => handler(datagram, source, route);
}
