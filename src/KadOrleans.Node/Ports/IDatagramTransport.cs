namespace KadOrleans.Node;

/// <summary>Sends and receives datagrams. Of those sent through it, the destination alone decides the local endpoint.</summary>
public interface IDatagramTransport : IResponseRoute, IAsyncDisposable
{
    /// <summary>The bound endpoints, with the real ports; known before <see cref="Start"/>.</summary>
    IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    /// <summary>
    /// The endpoints at which this machine reaches it: the bound ones, and for one of all addresses (0.0.0.0, ::) each address of an
    /// interface. They may change. Nothing is asked there on a stranger's word.
    /// </summary>
    IReadOnlyList<UdpEndpoint> OwnEndpoints => LocalEndpoints;

    /// <summary>Starts to receive, once. Only disposing ends it, never a datagram or the receiver's exception.</summary>
    void Start(IDatagramReceiver receiver);
}

/// <summary>Takes datagrams from a transport.</summary>
public interface IDatagramReceiver
{
    /// <summary>Handles one datagram, soon, as its thread reads no other until then. Called from several threads.</summary>
    /// <param name="datagram">Valid only during the call.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="route">The route of responses to it, now and later: from the address that it came to.</param>
    /// <param name="age">How long ago it arrived: more than milliseconds if this process was frozen or is far behind. Zero if
    /// unknown.</param>
    void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age);
}

/// <summary>A way for datagrams to leave. Nodes ignore a response from another address than the queried one. Thread-safe.</summary>
public interface IResponseRoute
{
    /// <summary>Sends without waiting. False: the system refused (no route, socket or room). True is no receipt.</summary>
    bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination);

    /// <summary>Queues until the next <see cref="Flush"/> at the latest, to send many in one system call.</summary>
    bool SendLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Send(datagram, destination);

    /// <summary>Sends what is queued.</summary>
    void Flush()
    {
        // Nothing waits.
    }
}
