using KadOrleans.Core;

namespace KadOrleans.Node.Ports;

/// <summary>
/// Sends and receives datagrams. Knows addresses and bytes, nothing of what they mean.
/// </summary>
public interface IDatagramTransport : IAnswerRoute, IAsyncDisposable
{
    /// <summary>What it is bound to, with the real ports; known before <see cref="Start"/>.</summary>
    IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    /// <summary>
    /// Begins to hand datagrams to <paramref name="receiver"/>. Called once. Nothing that the receiver throws and
    /// nothing that arrives ends reception; disposing does.
    /// </summary>
    void Start(IDatagramReceiver receiver);

    /// <summary>
    /// Sends one datagram without waiting. False if the system would not take it: no route, no matching socket,
    /// full buffers. As with any datagram, true promises nothing. Safe from several threads.
    /// </summary>
    bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination);

    /// <summary>
    /// The way on which the datagram came with which the receiver runs on this thread, for an answer that leaves later. The
    /// transport itself where it has one way only, and outside the receiver.
    /// </summary>
    IAnswerRoute Route => this;

    bool IAnswerRoute.SendAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Send(datagram, destination);
}
