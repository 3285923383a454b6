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
}
