using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Transport.Udp;

/// <summary>The way back through a socket of many addresses: from the one that was asked.</summary>
internal sealed class AskedAddress(UdpSocket socket, UdpEndpoint local) : IAnswerRoute
{
    public bool SendAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => socket.Answer(datagram, destination, local);
}
