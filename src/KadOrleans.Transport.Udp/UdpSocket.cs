using System.Net;
using System.Net.Sockets;
using System.Numerics;
using KadOrleans.Core;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Transport.Udp;

/// <summary>One bound, non-blocking socket and the thread that reads it.</summary>
internal sealed class UdpSocket(Socket socket, UdpEndpoint local, ILogger logger) : IDisposable
{
    private const int LargestDatagram = 65_535;

    // Closing ends the wait at once where the system can; elsewhere the thread looks up this often.
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(250);

    // Before reading again after an error that may come back at once, so that a broken socket does not take a core.
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(10);

    [ThreadStatic]
    private static UdpSocket? _current;

    [ThreadStatic]
    private static UdpEndpoint _currentSource;

    private readonly AddressFamily _family = socket.AddressFamily;
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
    /// The owner's socket whose receiver is running on this thread with a datagram from
    /// <paramref name="destination"/>; null if there is none.
    /// </summary>
    internal static UdpSocket? AskedBy(UdpEndpoint destination, object owner) =>
        _current is { } current && current._owner == owner && _currentSource == destination ? current : null;

    internal void Start(IDatagramReceiver receiver, object owner)
    {
        _receiver = receiver;
        _owner = owner;
        new Thread(Run) { IsBackground = true, Name = $"UDP {local}" }.Start();
    }

    /// <summary>Sends if the system takes the datagram at once.</summary>
    internal bool TrySend(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        try
        {
            socket.SendTo(datagram, SocketFlags.None, SocketAddressBytes.Fill(destination, _family));
        }
        catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref _sent.Failures);
            return false;
        }

        Interlocked.Increment(ref _sent.Datagrams);
        Interlocked.Add(ref _sent.Bytes, datagram.Length);
        return true;
    }

    /// <summary>Asks the thread to end with the datagram it is at. <see cref="Dispose"/> then wakes it.</summary>
    internal void RequestStop() => _stopping = true;

    /// <summary>Closes the socket. Any number of times.</summary>
    public void Dispose()
    {
        RequestStop();
        socket.Dispose();
    }

    private void Run()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(LargestDatagram, pinned: true);
        var from = new SocketAddress(_family);
        while (!_stopping)
        {
            var length = Read(buffer, from);
            if (length >= 0 && SocketAddressBytes.TryRead(from, out var source))
            {
                Deliver(buffer.AsSpan(0, length), source);
            }
        }

        _ended.SetResult();
    }

    /// <summary>The length of the datagram read, or -1 if none came.</summary>
    private int Read(byte[] buffer, SocketAddress from)
    {
        try
        {
            if (!socket.Poll(LongestPoll, SelectMode.SelectRead))
            {
                return -1;
            }

            SocketAddressBytes.Reset(from, _family);
            var length = socket.ReceiveFrom(buffer, SocketFlags.None, from);

            // Closing also looks like an empty datagram.
            return _stopping ? -1 : length;
        }
        catch (SocketException error)
        {
            OnReadError(error.SocketErrorCode);
        }
        catch (ObjectDisposedException)
        {
            _stopping = true;
        }

        return -1;
    }

    private void OnReadError(SocketError error)
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

    private void Deliver(ReadOnlySpan<byte> datagram, UdpEndpoint source)
    {
        Volatile.Write(ref _received.Datagrams, _received.Datagrams + 1);
        Volatile.Write(ref _received.Bytes, _received.Bytes + datagram.Length);
        (_current, _currentSource) = (this, source);
        try
        {
            _receiver!.Receive(datagram, source);
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
}
