using KadOrleans.Core;

namespace KadOrleans.Node.Ports;

/// <summary>Takes datagrams from a transport.</summary>
public interface IDatagramReceiver
{
    /// <summary>
    /// Handles one datagram, which is valid only during the call. Called from several threads at once; returns soon,
    /// as no other datagram of that thread is read meanwhile.
    /// </summary>
    void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source);

    /// <summary>The same for a datagram that arrived some time ago, as this process was frozen or far behind.</summary>
    /// <param name="datagram">Valid only during the call.</param>
    /// <param name="source">Whom it came from.</param>
    /// <param name="lain">How long ago it arrived.</param>
    void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, TimeSpan lain) => Receive(datagram, source);
}
