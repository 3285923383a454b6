using KadOrleans.Core;

namespace KadOrleans.Node.Ports;

/// <summary>
/// A way for datagrams to leave. A response has to leave from the very address and port that the request came to: from another, nobody
/// takes it for one. Safe from several threads.
/// </summary>
public interface IResponseRoute
{
    /// <summary>
    /// Sends one datagram without waiting. False if the system would not take it: no route, no matching socket, full buffers. As with
    /// any datagram, true promises nothing.
    /// </summary>
    bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination);

    /// <summary>The same at the next <see cref="Flush"/> at the latest, so that one system call can send many. True promises even less.</summary>
    bool SendLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Send(datagram, destination);

    /// <summary>Sends what waits.</summary>
    void Flush()
    {
        // Nothing waits.
    }
}
