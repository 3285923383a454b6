namespace KadOrleans.Node.Ports;

/// <summary>
/// Sends and receives datagrams, without knowledge of their content. For datagrams sent through the transport itself the destination
/// decides the route.
/// </summary>
public interface IDatagramTransport : IResponseRoute, IAsyncDisposable
{
    /// <summary>The bound endpoints, with the real ports; known before <see cref="Start"/>.</summary>
    IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    /// <summary>
    /// Starts to pass datagrams to <paramref name="receiver"/>. Call it once. Reception ends only by disposing, never by a datagram or an
    /// exception of the receiver.
    /// </summary>
    void Start(IDatagramReceiver receiver);
}

/// <summary>Takes datagrams from a transport.</summary>
public interface IDatagramReceiver
{
    /// <summary>
    /// Handles one datagram. Called from several threads at once; returns soon, as no other datagram of that thread is read meanwhile.
    /// </summary>
    /// <param name="datagram">Valid only during the call.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="route">The route of responses to it, now and later: from the address that it came to.</param>
    /// <param name="age">How long ago it arrived: more than milliseconds if this process was frozen or is far behind. Zero if
    /// unknown.</param>
    void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age);
}

/// <summary>
/// A way for datagrams to leave. A response has to leave from the address and port that the request came to; from another one it is
/// ignored. Safe from several threads.
/// </summary>
public interface IResponseRoute
{
    /// <summary>
    /// Sends one datagram without waiting. False if the system refused it: no route, no matching socket, full buffers. True means sent, not
    /// received.
    /// </summary>
    bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination);

    /// <summary>
    /// Queues the datagram until the next <see cref="Flush"/> at the latest, so one system call can send many. True means queued,
    /// not sent.
    /// </summary>
    bool SendLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Send(datagram, destination);

    /// <summary>Sends what is queued.</summary>
    void Flush()
    {
        // Nothing waits.
    }
}
