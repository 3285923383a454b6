using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Node;

// UDP sockets, each with a thread that reads it and runs the receiver. Nothing is allocated per datagram. Sending never waits: a
// full buffer is a failed send. On Linux one system call reads up to 32 datagrams, and a response leaves from the address that
// was queried, even on a wildcard socket. Other systems choose that address. Other datagrams are routed by SendRoutes.
internal sealed class UdpTransport : IDatagramTransport
{
    private readonly UdpSocket[] _sockets;
    private readonly BoundEndpoint[] _endpoints;
    private readonly SendRoutes _routes;
    private readonly ILogger _logger;

    // Guards the lifecycle, so that no thread starts on a closed transport.
    private readonly Lock _lifecycle = new();
    private bool _started;
    private volatile bool _disposed;
    private UdpTransport(BoundEndpoint[] endpoints, ILogger logger)
    {
        _endpoints = endpoints;
        _logger = logger;
        _sockets = [.. endpoints.SelectMany(endpoint => endpoint.Sockets)];
        _routes = new SendRoutes(endpoints);
        LocalEndpoints = Array.AsReadOnly([.. endpoints.Select(endpoint => endpoint.Local)]);
    }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    public IReadOnlyList<UdpEndpoint> OwnEndpoints => InterfaceAddresses.Expand(LocalEndpoints);

    public static UdpTransport Bind(params UdpEndpoint[] endpoints) => Bind(new UdpTransportOptions { Listen = endpoints });

    /// <summary>Binds every endpoint or none. Datagrams wait in the sockets until <see cref="Start"/>.</summary>
    public static UdpTransport Bind(UdpTransportOptions options, ILogger<UdpTransport>? logger = null)
    {
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

    public void Start(IDatagramReceiver receiver)
    {
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

    // Anyone can claim an address that is not unicast, which must not cost a failing system call.
    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) =>
        !_disposed
        && destination.IsUnicast
        && _routes.To(destination)?.SocketTo(destination).TrySend(datagram, destination, default) == true;

    /// <summary>Waits until no receiver runs any more, except one that is itself the caller.</summary>
    public async ValueTask DisposeAsync()
    {
        bool first;
        lock (_lifecycle)
        {
            first = !_disposed;
            _disposed = true;
        }

        // Signalled first, all threads end at the same time.
        Array.ForEach(_sockets, socket => socket.RequestStop());
        var stop = new StopSteps();
        Array.ForEach(_sockets, socket => stop.Run(socket.Dispose));
        await stop.RunAsync(() => Task.WhenAll(_sockets.Where(socket => !socket.IsReceivingHere).Select(socket => socket.Ended)));
        if (first)
        {
            Array.ForEach(_endpoints, endpoint => _logger.Stopped(endpoint.Local));
        }

        stop.ThrowIfFailed();
    }
}
