using KadOrleans.Core;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Transport.Udp;

/// <summary>
/// Datagrams over UDP sockets. Each socket has one background thread that reads it and runs the receiver. Neither reading nor sending
/// allocates per datagram.
/// <para>
/// Sending never waits: a full buffer is a failed send. On Linux one system call reads up to 32 arrived datagrams, and one sends the
/// responses to them. Elsewhere each datagram costs a call, and another to poll before it is read.
/// </para>
/// <para>
/// On Linux a response leaves from the address that was queried, even on a wildcard socket. On other systems the OS picks the address of
/// such a socket. Other datagrams use the first listed endpoint of the destination's family, else a dual-mode one. A loopback-bound
/// endpoint serves loopback destinations only.
/// </para>
/// </summary>
internal sealed class UdpTransport : IDatagramTransport
{
    private readonly UdpSocket[] _sockets;
    private readonly BoundEndpoint[] _endpoints;
    private readonly SendRoutes _routes;
    private readonly ILogger _logger;

    // Guards the change from bound to started to disposed, so that no thread starts on a closed transport.
    private readonly Lock _lifecycle = new();
    private bool _started;
    private volatile bool _disposed;
    private long _unroutable;

    private UdpTransport(BoundEndpoint[] endpoints, ILogger logger)
    {
        _endpoints = endpoints;
        _logger = logger;
        _sockets = [.. endpoints.SelectMany(endpoint => endpoint.Sockets)];
        _routes = new SendRoutes(endpoints);
        LocalEndpoints = Array.AsReadOnly([.. endpoints.Select(endpoint => endpoint.Local)]);
    }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    /// <summary>Sockets open, of all endpoints: what the system made of the options.</summary>
    public int SocketCount => _sockets.Length;

    public long DatagramsSent => _sockets.Sum(socket => socket.DatagramsSent);

    public long SendFailures => Interlocked.Read(ref _unroutable) + _sockets.Sum(socket => socket.SendFailures);

    /// <summary>Times the receiver threw. Each is a bug in the receiver; receiving continues.</summary>
    public long ReceiverFaults => _sockets.Sum(socket => socket.ReceiverFaults);

    /// <exception cref="TransportException">As of <see cref="Bind(UdpTransportOptions, ILogger{UdpTransport})"/>.</exception>
    public static UdpTransport Bind(params UdpEndpoint[] endpoints) =>
        Bind(new UdpTransportOptions { Listen = endpoints });

    /// <summary>
    /// Binds every endpoint of the options, or none. Datagrams that arrive from then on wait in the sockets until
    /// <see cref="Start"/>.
    /// </summary>
    /// <exception cref="TransportException">
    /// The options are invalid. Or a port is in use, even by a socket that would share it. Or an address is not of this machine. Or the
    /// user may not bind the port. Or the system lacks the address family.
    /// </exception>
    public static UdpTransport Bind(UdpTransportOptions options, ILogger<UdpTransport>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } faults)
        {
            throw new TransportException(string.Join(' ', faults));
        }

        ILogger log = logger ?? NullLogger<UdpTransport>.Instance;
        var bound = new List<BoundEndpoint>();
        try
        {
            foreach (var endpoint in options.Listen)
            {
                bound.Add(EndpointBinder.Bind(endpoint, options, log));
            }

            return new UdpTransport([.. bound], log);
        }
        catch
        {
            bound.SelectMany(endpoint => endpoint.Sockets).ToList().ForEach(socket => socket.Dispose());
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">It was started before.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void Start(IDatagramReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        lock (_lifecycle)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_started)
            {
                throw new InvalidOperationException("The transport was started before; it can be started once.");
            }

            _started = true;
            Array.ForEach(_sockets, socket => socket.Start(receiver));
        }
    }

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        var socket = _routes.To(destination)?.SocketTo(destination);

        // Anyone can claim an address that is not unicast; a datagram there must not cost a failing system call.
        if (socket is null || _disposed || !destination.IsUnicast)
        {
            Interlocked.Increment(ref _unroutable);
            return false;
        }

        return socket.TrySend(datagram, destination, default);
    }

    /// <summary>Closes the sockets and waits until no receiver runs any more, except one that is itself the caller.</summary>
    public async ValueTask DisposeAsync()
    {
        bool first;
        lock (_lifecycle)
        {
            first = !_disposed;
            _disposed = true;
        }

        // All get the signal before the first is closed, so closing waits for all threads at once.
        Array.ForEach(_sockets, socket => socket.RequestStop());
        Array.ForEach(_sockets, socket => socket.Dispose());
        await Task.WhenAll(_sockets.Where(socket => !socket.IsReceivingHere).Select(socket => socket.Ended));
        if (first)
        {
            Array.ForEach(_endpoints, endpoint => _logger.Stopped(endpoint.Local));
        }
    }
}

/// <summary>
/// Selects the endpoint that sends a datagram that is not a response. The choice depends only on the destination, so a contact always sees
/// the same source. It is the first listed endpoint of its family, else the first dual-mode one. An endpoint on a loopback address reaches
/// only loopback. One on another single address serves loopback only if no other does.
/// </summary>
internal sealed class SendRoutes
{
    private readonly BoundEndpoint?[] _byKind = new BoundEndpoint?[4];

    internal SendRoutes(IReadOnlyList<BoundEndpoint> endpoints)
    {
        var locals = endpoints.Select(endpoint => endpoint.Local).ToArray();
        for (var kind = 0; kind < _byKind.Length; kind++)
        {
            var chosen = Choose(locals, toIPv4: (kind & 2) == 0, toLoopback: (kind & 1) != 0);
            _byKind[kind] = chosen < 0 ? null : endpoints[chosen];
        }
    }

    internal BoundEndpoint? To(UdpEndpoint destination) =>
        _byKind[(destination.IsIPv4 ? 0 : 2) | (destination.IsLoopback ? 1 : 0)];

    /// <summary>The index of the local endpoint to send from, or -1 if none reaches there.</summary>
    internal static int Choose(IReadOnlyList<UdpEndpoint> locals, bool toIPv4, bool toLoopback) => Enumerable.Range(0, locals.Count)
        .Where(i => Rank(locals[i], toIPv4, toLoopback) is not null)
        .OrderBy(i => Rank(locals[i], toIPv4, toLoopback))
        .FirstOrDefault(-1);

    // The lowest is best; null if it does not reach there.
    private static int? Rank(UdpEndpoint local, bool toIPv4, bool toLoopback)
    {
        var sameFamily = local.IsIPv4 == toIPv4;
        if ((!sameFamily && !local.IsDualMode) || (local.IsLoopback && !toLoopback))
        {
            return null;
        }

        var awkward = toLoopback && !local.IsLoopback && !local.IsWildcard;
        return (awkward ? 2 : 0) + (sameFamily ? 0 : 1);
    }
}

/// <summary>An endpoint that is listened on, and the sockets that share its port: one or more.</summary>
internal sealed class BoundEndpoint(UdpEndpoint local, IReadOnlyList<UdpSocket> sockets)
{
    internal UdpEndpoint Local => local;

    internal IReadOnlyList<UdpSocket> Sockets => sockets;

    /// <summary>The socket for a destination: all have the same source address, so this only spreads the load over their buffers.</summary>
    internal UdpSocket SocketTo(UdpEndpoint destination) => sockets.Count == 1
        ? sockets[0]
        : sockets[(int)((uint)destination.GetHashCode() % (uint)sockets.Count)];
}

/// <summary>
/// The transport cannot be set up with these options. The message is for the operator: it names the endpoint or option and the reason. No
/// datagram causes it.
/// </summary>
public sealed class TransportException : Exception
{
    /// <summary>An unexplained failure.</summary>
    public TransportException()
    {
    }

    /// <summary>A failure and its explanation.</summary>
    public TransportException(string message)
        : base(message)
    {
    }

    /// <summary>A failure, its explanation and its cause.</summary>
    public TransportException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
