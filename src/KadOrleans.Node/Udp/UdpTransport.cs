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
        Array.ForEach(_sockets, socket => socket.Dispose());
        await Task.WhenAll(_sockets.Where(socket => !socket.IsReceivingHere).Select(socket => socket.Ended));
        if (first)
        {
            Array.ForEach(_endpoints, endpoint => _logger.Stopped(endpoint.Local));
        }
    }
}

// Selects the endpoint for a datagram that is no response, by its destination alone, so a contact always sees the same source. It
// is the first listed one of the family, else the first dual-mode one. One on loopback reaches only loopback; one on another
// single address serves loopback only if no other does.
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

    /// <summary>-1 if no endpoint reaches there.</summary>
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

internal sealed record BoundEndpoint(UdpEndpoint Local, IReadOnlyList<UdpSocket> Sockets)
{
    /// <summary>All have the same source address: this spreads the load over their buffers.</summary>
    internal UdpSocket SocketTo(UdpEndpoint destination) => Sockets.Count == 1
        ? Sockets[0]
        : Sockets[(int)((uint)destination.GetHashCode() % (uint)Sockets.Count)];
}

/// <summary>The transport cannot be set up with these options. The message names the endpoint or option and the reason.</summary>
/// <param name="message">The endpoint or option, and the reason.</param>
/// <param name="innerException">The system's error, if there is one.</param>
public sealed class TransportException(string message, Exception? innerException = null) : Exception(message, innerException);

internal static partial class UdpTransportLog
{
    [LoggerMessage(1100, LogLevel.Information,
        "Listening on {Endpoint} with {Sockets} sockets; the system granted each a receive buffer of {ReceiveBytes} "
        + "bytes and a send buffer of {SendBytes} bytes.")]
    internal static partial void Listening(
        this ILogger logger, UdpEndpoint endpoint, int sockets, int receiveBytes, int sendBytes);

    // Faults and errors can come with every datagram, so only the 1st, 2nd, 4th, 8th, ... of a socket is written.
    [LoggerMessage(1101, LogLevel.Error,
        "The receiver threw on a datagram that {Endpoint} got from {Source}; receiving continues ({Faults} so far).")]
    internal static partial void ReceiverFault(
        this ILogger logger, Exception exception, UdpEndpoint endpoint, UdpEndpoint source, long faults);

    [LoggerMessage(1102, LogLevel.Warning,
        "Reading from {Endpoint} failed with {Error}; receiving continues ({Errors} so far).")]
    internal static partial void ReceiveError(
        this ILogger logger, UdpEndpoint endpoint, System.Net.Sockets.SocketError error, long errors);

    [LoggerMessage(1103, LogLevel.Information, "Stopped listening on {Endpoint}.")]
    internal static partial void Stopped(this ILogger logger, UdpEndpoint endpoint);
}
