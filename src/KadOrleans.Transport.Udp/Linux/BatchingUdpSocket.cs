using System.Net.Sockets;
using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// Reads all that has arrived in one system call, and sends the answers to it in another. The socket blocks, so that the
/// thread waits in the very call that reads; sending asks not to wait.
/// </summary>
internal sealed unsafe class BatchingUdpSocket : UdpSocket
{
    /// <summary>The longest answer that waits for the others, in bytes; the protocol's datagrams are shorter.</summary>
    internal const int LongestAnswer = 9 * 1024;

    /// <summary>The longest datagram that is read, in bytes.</summary>
    internal const int LongestRequest = LargestDatagram;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly AddressFamily _family;
    private readonly bool _sharesThread;
    private readonly LateAnswerBatch _late;

    // The answers of the reading thread that wait to be sent.
    private MessageBatch? _answers;
    private int _waiting;

    internal BatchingUdpSocket(Socket socket, UdpEndpoint local, bool sharesThread, ILogger logger)
        : base(socket, local, logger)
    {
        (_socket, _handle, _family) = (socket, socket.SafeHandle, socket.AddressFamily);
        _sharesThread = sharesThread;
        _late = new LateAnswerBatch(this, _family);
        ArrivalTime.Enable(socket);
        if (local.IsWildcard)
        {
            PacketInformation.Enable(socket);
        }
    }

    /// <summary>The number of the socket, its own until the thread that reads it has closed it.</summary>
    internal int Descriptor => (int)_handle.DangerousGetHandle();

    internal override bool TrySend(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from)
    {
        var address = SocketAddressBytes.Fill(destination, _family);
        var control = stackalloc byte[PacketInformation.MaxLength];
        var held = false;
        try
        {
            // Closing waits for this, so that the number of the socket can't become another file's.
            _handle.DangerousAddRef(ref held);
            fixed (byte* start = datagram, to = address.Buffer.Span)
            {
                var buffer = new LinuxCalls.Buffer { Start = start, Length = (nuint)datagram.Length };
                var message = new LinuxCalls.Message
                {
                    Address = to,
                    AddressLength = (uint)address.Size,
                    Buffers = &buffer,
                    BufferCount = 1,
                };
                if (from != default)
                {
                    message.Control = control;
                    message.ControlLength =
                        (nuint)PacketInformation.Write(new Span<byte>(control, PacketInformation.MaxLength), from, _family);
                }

                var sent = LinuxCalls.Send((int)_handle.DangerousGetHandle(), &message, LinuxCalls.DoNotWait);
                return CountSent(sent >= 0, datagram.Length);
            }
        }
        catch (ObjectDisposedException)
        {
            return CountSent(sent: false, 0);
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    internal override bool TryAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint from)
    {
        if (!_answers!.Put(_waiting, datagram, source, from, _family))
        {
            return TrySend(datagram, source, from);
        }

        if (++_waiting == MessageBatch.Capacity)
        {
            SendAnswers();
        }

        return true;
    }

    internal override bool TryAnswerLate(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from) =>
        _late.TryPut(datagram, destination, from) || TrySend(datagram, destination, from);

    /// <summary>Sends a batch from any thread.</summary>
    internal void SendShared(MessageBatch batch, int count)
    {
        var held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            Send(batch, count);
        }
        catch (ObjectDisposedException)
        {
            CountSent(sent: false, 0);
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    protected override void OnClosing() => _late.Close();

    protected override void EndReading()
    {
        try
        {
            // Wakes the thread, which closes the socket: closed under the call, its number could become another file's.
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // That there is no connection to end is said after the thread was woken.
        }
    }

    /// <summary>Reads and answers what has come, on a thread that reads others too. False if this one is to stop.</summary>
    internal bool ReadOnce(MessageBatch requests, MessageBatch answers)
    {
        _answers = answers;
        if (!IsStopping)
        {
            ReadSome(requests, LinuxCalls.DoNotWait);
        }

        return !IsStopping;
    }

    protected override bool TryShareThread() => _sharesThread && SharedReader.TryAdd(this);

    protected override void ReadUntilStopped()
    {
        using var batch = new MessageBatch(LargestDatagram);
        using var answers = _answers = new MessageBatch(LongestAnswer);
        while (!IsStopping)
        {
            ReadSome(batch, LinuxCalls.WaitForOne);
        }
    }

    private void ReadSome(MessageBatch batch, int wait)
    {
        batch.Reset();
        var count = LinuxCalls.ReceiveMany(
            (int)_handle.DangerousGetHandle(), batch.Headers, MessageBatch.Capacity, wait, null);
        if (count < 0)
        {
            OnReadError(LinuxCalls.LastError());
            return;
        }

        // Closing also looks like an empty datagram.
        for (var i = 0; i < count && !IsStopping; i++)
        {
            if (SocketAddressBytes.TryRead(batch.Address(i), _family, out var source))
            {
                Deliver(batch.Datagram(i), source, batch.Asked(i), batch.Lain(i));
            }
        }

        SendAnswers();
    }

    private void SendAnswers()
    {
        Send(_answers!, _waiting);
        _waiting = 0;
    }

    /// <summary>Sends the first of a batch. What the system does not take is lost, and the others go on.</summary>
    private void Send(MessageBatch batch, int count)
    {
        var next = 0;
        while (next < count)
        {
            var sent = LinuxCalls.SendMany(
                (int)_handle.DangerousGetHandle(), batch.Headers + next, (uint)(count - next), LinuxCalls.DoNotWait);
            if (sent <= 0)
            {
                CountSent(sent: false, 0);
                next++;
                continue;
            }

            long bytes = 0;
            for (var i = next; i < next + sent; i++)
            {
                bytes += batch.Headers[i].Length;
            }

            CountSent(sent, bytes);
            next += sent;
        }
    }
}
