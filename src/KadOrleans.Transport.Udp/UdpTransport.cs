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
