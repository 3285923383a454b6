using System.Net.Sockets;
using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// Reads all that has arrived in one system call, and sends the responses to it in another. The socket blocks, so that the
/// thread waits in the very call that reads; sending asks not to wait.
/// </summary>
internal sealed unsafe class BatchingUdpSocket : UdpSocket
{
    /// <summary>The longest response that waits for others, in bytes; the protocol's datagrams are shorter.</summary>
    internal const int MaxBatchedLength = 9 * 1024;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly AddressFamily _family;
    private readonly DeferredBatch _deferred;

    // The responses of the reading thread that wait to be sent.
    private MessageBatch? _responses;

    internal BatchingUdpSocket(Socket socket, UdpEndpoint local, ILogger logger)
        : base(socket, local, logger)
    {
        (_socket, _handle, _family) = (socket, socket.SafeHandle, socket.AddressFamily);
        _deferred = new DeferredBatch(this, _family);
        ArrivalTime.Enable(socket);
        if (local.IsWildcard)
        {
            PacketInformation.Enable(socket);
        }
    }

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
                return CountSent(sent >= 0);
            }
        }
        catch (ObjectDisposedException)
        {
            return CountSent(sent: false);
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    internal override bool Respond(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from)
    {
        if (!IsReceivingHere || !_responses!.TryAdd(datagram, destination, from, _family))
        {
            return TrySend(datagram, destination, from);
        }

        if (_responses.IsFull)
        {
            SendResponses();
        }

        return true;
    }

    internal override bool RespondLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from) => IsReceivingHere
        ? Respond(datagram, destination, from)
        : _deferred.TryPut(datagram, destination, from) || TrySend(datagram, destination, from);

    public override void Flush() => _deferred.Send();

    /// <summary>Sends a batch from any thread.</summary>
    internal void SendShared(MessageBatch batch)
    {
        var held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            Send(batch);
        }
        catch (ObjectDisposedException)
        {
            CountSent(sent: false);
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    protected override void OnClosing() => _deferred.Close();

    protected override void EndReading()
    {
        try
        {
            // Wakes the thread, which closes the socket: closed under the call, its number could become another file's.
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The error that there is no connection comes after the thread was woken.
        }
    }

    protected override void ReadUntilStopped()
    {
        using var batch = new MessageBatch(LargestDatagram);
        using var responses = _responses = new MessageBatch(MaxBatchedLength);
        while (!IsStopping)
        {
            ReadSome(batch);
        }
    }

    private void ReadSome(MessageBatch batch)
    {
        batch.Reset();
        var count = LinuxCalls.ReceiveMany(
            (int)_handle.DangerousGetHandle(), batch.Headers, MessageBatch.Capacity, LinuxCalls.WaitForOne, null);
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
                Deliver(batch.Datagram(i), source, batch.Asked(i), batch.Age(i));
            }
        }

        SendResponses();
    }

    private void SendResponses()
    {
        Send(_responses!);
        _responses!.Clear();
    }

    /// <summary>Sends what a batch has. Datagrams that the system refuses are lost; the others are still sent.</summary>
    private void Send(MessageBatch batch)
    {
        var next = 0;
        while (next < batch.Count)
        {
            var sent = LinuxCalls.SendMany(
                (int)_handle.DangerousGetHandle(), batch.Headers + next, (uint)(batch.Count - next), LinuxCalls.DoNotWait);
            if (sent <= 0)
            {
                CountSent(sent: false);
                next++;
                continue;
            }

            CountSent(sent);
            next += sent;
        }
    }
}
