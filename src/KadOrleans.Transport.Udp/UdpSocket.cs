using System.Net.Sockets;
using System.Numerics;
using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Transport.Udp.Linux;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Transport.Udp;

/// <summary>One bound socket and the thread that reads it; how it reads and sends is the system's matter.</summary>
internal abstract class UdpSocket(Socket socket, UdpEndpoint local, ILogger logger) : IAnswerRoute, IDisposable
{
    protected const int LargestDatagram = 65_535;

    // Addresses of one host that are asked at the same time; with more, the ways back are made anew now and then.
    private const int MostRoutes = 64;

    // Before reading again after an error that may come back at once, so that a broken socket does not take a core.
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);

    [ThreadStatic]
    private static UdpSocket? _current;

    [ThreadStatic]
    private static UdpEndpoint _currentSource;

    [ThreadStatic]
    private static UdpEndpoint _currentLocal;

    // The ways back by the address that was asked. Used by the thread that reads.
    private readonly Dictionary<UdpEndpoint, AskedAddress> _routes = [];

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDatagramReceiver? _receiver;
    private object? _owner;
    private volatile bool _stopping;
    private ReceiveCounters _received;
    private SendCounters _sent;

    /// <summary>Whether the calling thread is this socket's, inside its receiver.</summary>
    internal bool IsReceivingHere => _current == this;

    /// <summary>Done when the thread has ended; never fails.</summary>
    internal Task Ended => _receiver is null ? Task.CompletedTask : _ended.Task;

    internal long DatagramsReceived => Interlocked.Read(ref _received.Datagrams);

    internal long BytesReceived => Interlocked.Read(ref _received.Bytes);

    internal long ReceiveErrors => Interlocked.Read(ref _received.Errors);

    internal long ReceiverFaults => Interlocked.Read(ref _received.ReceiverFaults);

    internal long DatagramsSent => Interlocked.Read(ref _sent.Datagrams);

    internal long BytesSent => Interlocked.Read(ref _sent.Bytes);

    internal long SendFailures => Interlocked.Read(ref _sent.Failures);

    /// <summary>
    /// The address that the datagram came to with which this thread's receiver runs; none (<see langword="default"/>) if the
    /// socket has a single one or the system does not tell.
    /// </summary>
    internal static UdpEndpoint AskedAt => _currentLocal;

    protected bool IsStopping => _stopping;

    /// <summary>
    /// The owner's socket whose receiver is running on this thread with a datagram from
    /// <paramref name="destination"/>; null if there is none.
    /// </summary>
    internal static UdpSocket? AskedBy(UdpEndpoint destination, object owner) =>
        _current is { } current && current._owner == owner && _currentSource == destination ? current : null;

    /// <summary>The way back to whom the owner's receiver runs for on this thread; null if it does not run here.</summary>
    internal static IAnswerRoute? RouteHere(object owner) =>
        _current is { } current && current._owner == owner ? current.RouteFrom(_currentLocal) : null;

    /// <summary>The socket for this system.</summary>
    internal static UdpSocket Create(Socket socket, UdpEndpoint local, UdpTransportOptions options, ILogger logger) =>
        OperatingSystem.IsLinux() && !options.IsPortable
            ? new BatchingUdpSocket(socket, local, options.SharesThreads, logger)
            : new PortableUdpSocket(socket, local, logger);

    internal void Start(IDatagramReceiver receiver, object owner)
    {
        _receiver = receiver;
        _owner = owner;
        if (!TryShareThread())
        {
            new Thread(Run) { IsBackground = true, Name = $"UDP {local}" }.Start();
        }
    }

    /// <summary>Closes the socket, by the thread that has read it.</summary>
    internal void Finish()
    {
        OnClosing();
        socket.Dispose();
        _ended.SetResult();
    }

    /// <summary>An answer from the socket's only address.</summary>
    public bool SendAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Answer(datagram, destination, default);

    /// <summary>Sends an answer from any thread, from the address that was asked.</summary>
    internal bool Answer(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from) =>
        IsReceivingHere && _currentSource == destination
            ? TryAnswer(datagram, destination, from)
            : TryAnswerLate(datagram, destination, from);

    /// <summary>Sends if the system takes the datagram at once.</summary>
    /// <param name="datagram">What to send.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="from">The local address that it leaves from; none: the system chooses.</param>
    internal abstract bool TrySend(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from);

    /// <summary>
    /// The same to the source of the datagram that this thread's receiver is running with, now or together with its other
    /// answers. True then promises even less than elsewhere.
    /// </summary>
    internal abstract bool TryAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint from);

    /// <summary>The same from any thread, now or with the others of an <see cref="AnswerBatch"/>.</summary>
    internal virtual bool TryAnswerLate(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from) =>
        TrySend(datagram, destination, from);

    /// <summary>Asks the thread to end with the datagram it is at. <see cref="Dispose"/> then wakes it.</summary>
    internal void RequestStop() => _stopping = true;

    /// <summary>
    /// Closes the socket, as soon as its thread has left it if that was started. Does not wait. Any number of times.
    /// </summary>
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

    /// <summary>Has the thread that reads look up, and then close the socket.</summary>
    protected abstract void EndReading();

    /// <summary>The thread that has read the socket is about to close it.</summary>
    protected virtual void OnClosing()
    {
    }

    /// <summary>Whether a thread that reads other sockets too took this one.</summary>
    protected virtual bool TryShareThread() => false;

    /// <summary>Reads and delivers until <see cref="IsStopping"/>.</summary>
    protected abstract void ReadUntilStopped();

    protected bool CountSent(bool sent, int bytes)
    {
        if (!sent)
        {
            Interlocked.Increment(ref _sent.Failures);
            return false;
        }

        CountSent(1, bytes);
        return true;
    }

    protected void CountSent(int datagrams, long bytes)
    {
        Interlocked.Add(ref _sent.Datagrams, datagrams);
        Interlocked.Add(ref _sent.Bytes, bytes);
    }

    protected void OnReadError(SocketError error)
    {
        if (_stopping)
        {
            return;
        }

        var errors = Interlocked.Increment(ref _received.Errors);

        // These say that a datagram sent earlier did not arrive, or that the one announced was damaged: anyone can
        // cause them, and none comes back without a cause.
        if (error is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.NetworkReset
            or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.MessageSize
            or SocketError.WouldBlock or SocketError.Interrupted)
        {
            return;
        }

        if (BitOperations.IsPow2(errors))
        {
            logger.ReceiveError(local, error, errors);
        }

        Thread.Sleep(ErrorPause);
    }

    /// <param name="datagram">What came.</param>
    /// <param name="source">Whom from.</param>
    /// <param name="asked">The local address that it came to; none if the socket has a single one or the system does not tell.</param>
    /// <param name="lain">How long it has lain in the socket; zero if the system does not tell.</param>
    protected void Deliver(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint asked, TimeSpan lain)
    {
        Volatile.Write(ref _received.Datagrams, _received.Datagrams + 1);
        Volatile.Write(ref _received.Bytes, _received.Bytes + datagram.Length);
        (_current, _currentSource, _currentLocal) = (this, source, asked);
        try
        {
            _receiver!.Receive(datagram, source, lain);
        }
        catch (Exception fault)
        {
            var faults = Interlocked.Increment(ref _received.ReceiverFaults);
            if (BitOperations.IsPow2(faults))
            {
                logger.ReceiverFault(fault, local, source, faults);
            }
        }
        finally
        {
            _current = null;
        }
    }

    private IAnswerRoute RouteFrom(UdpEndpoint asked)
    {
        if (asked == default)
        {
            return this;
        }

        if (!_routes.TryGetValue(asked, out var route))
        {
            if (_routes.Count == MostRoutes)
            {
                _routes.Clear();
            }

            _routes.Add(asked, route = new AskedAddress(this, asked));
        }

        return route;
    }

    private void Run()
    {
        ReadUntilStopped();
        Finish();
    }
}
