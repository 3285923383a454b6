namespace KadOrleans.Node;

/// <summary>One system call reads all that has arrived, another sends the responses. Only reading blocks.</summary>
internal sealed unsafe class BatchingUdpSocket : UdpSocket
{
    /// <summary>Bytes of the longest response that waits for others; the protocol's datagrams are shorter.</summary>
    internal const int MaxBatchedLength = 9 * 1024;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly AddressFamily _family;

    // Guards the next two; held while the system copies what it sends. Threads share what waits for a flush or a full batch.
    private readonly Lock _gate = new();
    private MessageBatch? _deferred;
    private bool _isClosed;

    // Used by the reading thread alone.
    private MessageBatch? _responses;

    internal BatchingUdpSocket(Socket socket, UdpEndpoint local, ILogger logger)
        : base(socket, local, logger)
    {
        (_socket, _handle, _family) = (socket, socket.SafeHandle, socket.AddressFamily);
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
            // Closing waits for this, so the socket's number cannot become another file's.
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

                return LinuxCalls.Send((int)_handle.DangerousGetHandle(), &message, LinuxCalls.DoNotWait) >= 0;
            }
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    internal override bool Respond(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from, bool isLater)
    {
        if (!IsReceivingHere)
        {
            return (isLater && TryDefer(datagram, destination, from)) || TrySend(datagram, destination, from);
        }

        if (!_responses!.TryAdd(datagram, destination, from, _family))
        {
            return TrySend(datagram, destination, from);
        }

        if (_responses.IsFull)
        {
            Send(_responses);
        }

        return true;
    }

    internal override void Flush()
    {
        lock (_gate)
        {
            if (_deferred is { Count: > 0 })
            {
                Send(_deferred);
            }
        }
    }

    // False if the response is too long, or the socket is closed.
    private bool TryDefer(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from)
    {
        lock (_gate)
        {
            if (_isClosed || !(_deferred ??= new MessageBatch(MaxBatchedLength)).TryAdd(datagram, destination, from, _family))
            {
                return false;
            }

            if (_deferred.IsFull)
            {
                Send(_deferred);
            }

            return true;
        }
    }

    // Sends a batch and clears it. Datagrams that the system refuses are lost; the others are still sent.
    private void Send(MessageBatch batch)
    {
        var held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            for (var next = 0; next < batch.Count;)
            {
                var sent = LinuxCalls.SendMany(
                    (int)_handle.DangerousGetHandle(), batch.Headers + next, (uint)(batch.Count - next), LinuxCalls.DoNotWait);
                next += Math.Max(sent, 1);
            }
        }
        catch (ObjectDisposedException)
        {
            // A closed socket sends nothing.
        }
        finally
        {
            batch.Clear();
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    protected override void OnClosing()
    {
        lock (_gate)
        {
            Flush();
            _isClosed = true;
            _deferred?.Dispose();
            _deferred = null;
        }
    }

    protected override void EndReading()
    {
        try
        {
            // Wakes the thread, which closes the socket: closed under the call, its number could become another file's.
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The thread was woken before this error.
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
            OnReadError(new SocketException().SocketErrorCode);
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

        Send(_responses!);
    }
}

/// <summary>recvmmsg(2), sendmmsg(2) and sendmsg(2).</summary>
internal static unsafe partial class LinuxCalls
{
    /// <summary>MSG_DONTWAIT.</summary>
    internal const int DoNotWait = 0x40;

    /// <summary>MSG_WAITFORONE: wait for the first datagram only.</summary>
    internal const int WaitForOne = 0x10000;

    /// <summary>The number of datagrams read, or -1.</summary>
    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMany(int socket, MessageHeader* messages, uint count, int flags, void* timeout);

    /// <summary>The number of datagrams sent, or -1 if not even the first was.</summary>
    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    internal static partial int SendMany(int socket, MessageHeader* messages, uint count, int flags);

    /// <summary>Its length, or -1.</summary>
    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint Send(int socket, Message* message, int flags);

    /// <summary>struct iovec</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Buffer
    {
        internal byte* Start;
        internal nuint Length;
    }

    /// <summary>struct msghdr</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Message
    {
        internal byte* Address;
        internal uint AddressLength;
        internal Buffer* Buffers;
        internal nuint BufferCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    /// <summary>struct mmsghdr</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        internal Message Message;
        internal uint Length;
    }
}
