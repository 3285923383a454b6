using System.Buffers.Binary;
using System.Numerics;

namespace KadOrleans.Node;

internal abstract class UdpSocket(Socket socket, UdpEndpoint local, ILogger logger) : IDisposable
{
    protected const int LargestDatagram = 65_535;

    // Beyond this many local addresses, routes are created again from time to time.
    private const int MaxRoutes = 64;

    // A broken socket must not occupy a core.
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);

    // By the local address that a datagram came to. Used by the thread that reads.
    private readonly Dictionary<UdpEndpoint, LocalAddressRoute> _routes = [];

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDatagramReceiver? _receiver;
    private volatile bool _stopping;

    // The managed id of the reading thread; 0 while there is none.
    private volatile int _reader;
    private long _receiveErrors;
    private long _receiverFaults;

    // From the socket's only address, or from the one that the system chooses.
    private LocalAddressRoute? _anyRoute;

    /// <summary>Whether the calling thread reads this socket, and so is inside its receiver.</summary>
    internal bool IsReceivingHere => _reader == Environment.CurrentManagedThreadId;

    internal Task Ended => _receiver is null ? Task.CompletedTask : _ended.Task;

    protected bool IsStopping => _stopping;

    internal static UdpSocket Create(Socket socket, UdpEndpoint local, UdpTransportOptions options, ILogger logger) =>
        OperatingSystem.IsLinux() && !options.IsPortable
            ? new BatchingUdpSocket(socket, local, logger)
            : new PortableUdpSocket(socket, local, logger);

    internal void Start(IDatagramReceiver receiver)
    {
        _receiver = receiver;
        new Thread(Run) { IsBackground = true, Name = $"UDP {local}" }.Start();
    }

    internal virtual void Flush()
    {
        // Nothing waits.
    }

    /// <summary>Sends if the system takes the datagram at once, from a local address or, with none, any.</summary>
    internal abstract bool TrySend(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from);

    // On the reading thread responses to datagrams that were read together may leave together. Elsewhere a later one leaves at
    // the next Flush at the latest.
    internal virtual bool Respond(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from, bool isLater) =>
        TrySend(datagram, destination, from);

    internal void RequestStop() => _stopping = true;

    /// <summary>Closes the socket once its thread has left it. Does not wait.</summary>
    public void Dispose()
    {
        RequestStop();
        if (_receiver is null || _ended.Task.IsCompleted)
        {
            socket.Dispose();
        }
        else
        {
            EndReading();
        }
    }

    protected abstract void EndReading();

    /// <summary>Called by the reading thread before it closes the socket.</summary>
    protected virtual void OnClosing()
    {
    }

    protected abstract void ReadUntilStopped();

    protected void OnReadError(SocketError error)
    {
        if (_stopping)
        {
            return;
        }

        _receiveErrors++;

        // Anyone can cause these: an earlier datagram did not arrive, or the next one was damaged.
        if (error is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.NetworkReset
            or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.MessageSize
            or SocketError.WouldBlock or SocketError.Interrupted)
        {
            return;
        }

        if (BitOperations.IsPow2(_receiveErrors))
        {
            logger.ReceiveError(local, error, _receiveErrors);
        }

        Thread.Sleep(ErrorPause);
    }

    // asked is the local address that the datagram came to: none if the socket has a single one or the system does not report it.
    protected void Deliver(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint asked, TimeSpan age)
    {
        try
        {
            _receiver!.Receive(datagram, source, RouteFrom(asked), age);
        }
        catch (Exception fault)
        {
            if (BitOperations.IsPow2(++_receiverFaults))
            {
                logger.ReceiverFault(fault, local, source, _receiverFaults);
            }
        }
    }

    private LocalAddressRoute RouteFrom(UdpEndpoint asked)
    {
        if (asked == default)
        {
            return _anyRoute ??= new LocalAddressRoute(this, default);
        }

        if (!_routes.TryGetValue(asked, out var route))
        {
            if (_routes.Count == MaxRoutes)
            {
                _routes.Clear();
            }

            _routes.Add(asked, route = new LocalAddressRoute(this, asked));
        }

        return route;
    }

    private void Run()
    {
        _reader = Environment.CurrentManagedThreadId;
        ReadUntilStopped();

        // Another thread may get the id once this one has ended.
        _reader = 0;
        OnClosing();
        socket.Dispose();
        _ended.SetResult();
    }

    private sealed class LocalAddressRoute(UdpSocket socket, UdpEndpoint local) : IResponseRoute
    {
        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) =>
            socket.Respond(datagram, destination, local, isLater: false);

        public bool SendLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination) =>
            socket.Respond(datagram, destination, local, isLater: true);

        public void Flush() => socket.Flush();
    }
}

/// <summary>Endpoints in the form of Linux, macOS and Windows, which differ only in the first two bytes.</summary>
internal static class SocketAddressBytes
{
    private const int IPv4Size = 16;
    private const int IPv6Size = 28;
    private const int PortAt = 2;
    private const int IPv4At = 4;
    private const int IPv6At = 8;
    private const int IPv6Length = 16;

    [ThreadStatic]
    private static SocketAddress? _ipv4;

    [ThreadStatic]
    private static SocketAddress? _ipv6;

    /// <summary>IPv4 is mapped for an IPv6 socket. The thread's next call fills the same object.</summary>
    internal static SocketAddress Fill(UdpEndpoint destination, AddressFamily family)
    {
        var address = family == AddressFamily.InterNetwork
            ? _ipv4 ??= new SocketAddress(AddressFamily.InterNetwork, IPv4Size)
            : _ipv6 ??= new SocketAddress(AddressFamily.InterNetworkV6, IPv6Size);
        var bytes = address.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], destination.Port);
        if (family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[IPv4At..], (uint)destination.AddressLow);
        }
        else
        {
            destination.WriteIPv6(bytes[IPv6At..]);
        }

        return address;
    }

    internal static void Reset(SocketAddress address, AddressFamily family) =>
        address.Size = family == AddressFamily.InterNetwork ? IPv4Size : IPv6Size;

    /// <summary>False if the system wrote no endpoint.</summary>
    internal static bool TryRead(SocketAddress address, out UdpEndpoint endpoint) =>
        TryRead(address.Buffer.Span[..address.Size], address.Family, out endpoint);

    internal static bool TryRead(ReadOnlySpan<byte> bytes, AddressFamily family, out UdpEndpoint endpoint)
    {
        if (family == AddressFamily.InterNetwork && bytes.Length >= IPv4At + sizeof(uint))
        {
            endpoint = UdpEndpoint.FromIPv4(
                BinaryPrimitives.ReadUInt32BigEndian(bytes[IPv4At..]),
                BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]));
            return true;
        }

        if (family == AddressFamily.InterNetworkV6 && bytes.Length >= IPv6At + IPv6Length)
        {
            endpoint = UdpEndpoint.FromIPv6(
                bytes.Slice(IPv6At, IPv6Length),
                BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]));
            return true;
        }

        endpoint = default;
        return false;
    }
}
