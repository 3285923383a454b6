using System.Buffers.Binary;

namespace KadOrleans.Node;

/// <summary>Datagrams and addresses in native memory, as the system calls want them. Used by one thread.</summary>
internal sealed unsafe class MessageBatch : IDisposable
{
    /// <summary>Beyond some dozens a call per batch costs nothing, and the last datagram waits longer.</summary>
    internal const int Capacity = 32;

    /// <summary>struct sockaddr_in6</summary>
    private const int AddressSize = 28;

    private readonly LinuxCalls.MessageHeader* _headers;
    private readonly LinuxCalls.Buffer* _buffers;
    private readonly byte* _addresses;
    private readonly byte* _controls;
    private readonly byte* _datagrams;
    private readonly int _datagramSize;

    internal MessageBatch(int datagramSize)
    {
        _datagramSize = datagramSize;
        _headers = (LinuxCalls.MessageHeader*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(LinuxCalls.MessageHeader));
        _buffers = (LinuxCalls.Buffer*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(LinuxCalls.Buffer));
        _addresses = (byte*)NativeMemory.AllocZeroed(Capacity, AddressSize);
        _controls = (byte*)NativeMemory.AllocZeroed(Capacity, ControlData.MaxLength);
        _datagrams = (byte*)NativeMemory.Alloc(Capacity, (nuint)datagramSize);
        for (var i = 0; i < Capacity; i++)
        {
            _buffers[i].Start = _datagrams + ((long)i * datagramSize);
            _headers[i].Message.Buffers = &_buffers[i];
            _headers[i].Message.BufferCount = 1;
            _headers[i].Message.Address = _addresses + (i * AddressSize);
            _headers[i].Message.Control = _controls + (i * ControlData.MaxLength);
        }
    }

    internal LinuxCalls.MessageHeader* Headers => _headers;

    internal int Count { get; private set; }

    internal bool IsFull => Count == Capacity;

    internal ReadOnlySpan<byte> Address(int index) =>
        new(_headers[index].Message.Address, (int)Math.Min(_headers[index].Message.AddressLength, AddressSize));

    internal ReadOnlySpan<byte> Datagram(int index) => new(_buffers[index].Start, (int)_headers[index].Length);

    /// <summary>The local address that a datagram came to, if the system reported it.</summary>
    internal UdpEndpoint Asked(int index) => PacketInformation.TryRead(Reported(index), out var asked) ? asked : default;

    internal TimeSpan Age(int index) => ArrivalTime.Age(Reported(index), DateTime.UtcNow);

    internal void Reset()
    {
        for (var i = 0; i < Capacity; i++)
        {
            _headers[i].Message.AddressLength = AddressSize;
            _headers[i].Message.ControlLength = ControlData.MaxLength;
            _buffers[i].Length = (nuint)_datagramSize;
        }
    }

    /// <summary>False if the datagram is too long.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from, AddressFamily family)
    {
        var address = SocketAddressBytes.Fill(destination, family);
        if (!TryAdd(datagram, address.Buffer.Span[..address.Size]))
        {
            return false;
        }

        if (from != default)
        {
            _headers[Count - 1].Message.ControlLength = (nuint)PacketInformation.Write(Control(Count - 1), from, family);
        }

        return true;
    }

    /// <summary>Takes an address in the system's form. The system chooses the local one.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> address)
    {
        if (IsFull || datagram.Length > _datagramSize)
        {
            return false;
        }

        var index = Count++;
        datagram.CopyTo(new Span<byte>(_buffers[index].Start, _datagramSize));
        _buffers[index].Length = (nuint)datagram.Length;
        address.CopyTo(new Span<byte>(_headers[index].Message.Address, AddressSize));
        _headers[index].Message.AddressLength = (uint)address.Length;
        _headers[index].Message.ControlLength = 0;
        return true;
    }

    internal void Clear() => Count = 0;

    public void Dispose()
    {
        NativeMemory.Free(_headers);
        NativeMemory.Free(_buffers);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_controls);
        NativeMemory.Free(_datagrams);
    }

    private ReadOnlySpan<byte> Reported(int index) => Control(index)[..(int)_headers[index].Message.ControlLength];

    private Span<byte> Control(int index) => new(_controls + (index * ControlData.MaxLength), ControlData.MaxLength);
}

/// <summary>Control data of 64-bit Linux (cmsg(3)): pieces of length, level, type, and data padded to eight bytes.</summary>
internal static class ControlData
{
    public const int MaxLength = PacketInformation.MaxLength + ArrivalTime.Length;

    public const int HeaderLength = 16;

    private const int LevelAt = 8;
    private const int TypeAt = 12;
    private const int Alignment = 8;

    /// <summary>The piece of a kind with its header; empty if there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> control, int level, int type)
    {
        while (control.Length >= HeaderLength)
        {
            var length = MemoryMarshal.Read<long>(control);
            if (length < HeaderLength || length > control.Length)
            {
                return default;
            }

            if (MemoryMarshal.Read<int>(control[LevelAt..]) == level && MemoryMarshal.Read<int>(control[TypeAt..]) == type)
            {
                return control[..(int)length];
            }

            var next = ((int)length + Alignment - 1) & -Alignment;
            control = next < control.Length ? control[next..] : default;
        }

        return default;
    }

    public static void WriteHeader(Span<byte> control, long length, int level, int type)
    {
        MemoryMarshal.Write(control, length);
        MemoryMarshal.Write(control[LevelAt..], level);
        MemoryMarshal.Write(control[TypeAt..], type);
    }
}

// The local address that a datagram came to or leaves from. IP_PKTINFO of ip(7): index of the interface, local address, address
// in the datagram. IPV6_PKTINFO of ipv6(7): local address, perhaps a mapped one, and index.
internal static class PacketInformation
{
    public const int MaxLength = 40;

    private const int HeaderLength = ControlData.HeaderLength;
    private const int IPv4Level = 0;
    private const int IPv4Type = 8;
    private const int IPv4AddressAt = HeaderLength + sizeof(int);
    private const int IPv4Length = HeaderLength + 12;
    private const int IPv6Level = 41;
    private const int IPv6Type = 50;
    private const int IPv6Length = HeaderLength + 20;

    public static void Enable(Socket socket) => socket.SetSocketOption(
        socket.AddressFamily == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6,
        SocketOptionName.PacketInformation,
        true);

    /// <summary>Returns the length. The destination decides the interface.</summary>
    public static int Write(Span<byte> control, UdpEndpoint from, AddressFamily family)
    {
        control[..MaxLength].Clear();
        if (family == AddressFamily.InterNetwork)
        {
            ControlData.WriteHeader(control, IPv4Length, IPv4Level, IPv4Type);
            BinaryPrimitives.WriteUInt32BigEndian(control[IPv4AddressAt..], (uint)from.AddressLow);
            return IPv4Length;
        }

        ControlData.WriteHeader(control, IPv6Length, IPv6Level, IPv6Type);
        from.WriteIPv6(control[HeaderLength..]);
        return IPv6Length;
    }

    /// <summary>The local address with port 0. Returns false if the system did not report it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> control, out UdpEndpoint local)
    {
        if (ControlData.Find(control, IPv4Level, IPv4Type) is { Length: >= IPv4Length } v4)
        {
            local = UdpEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(v4[IPv4AddressAt..]), 0);
            return true;
        }

        var v6 = ControlData.Find(control, IPv6Level, IPv6Type);
        local = v6.Length >= IPv6Length ? UdpEndpoint.FromIPv6(v6.Slice(HeaderLength, 16), 0) : default;
        return v6.Length >= IPv6Length;
    }
}

/// <summary>When a datagram arrived (SO_TIMESTAMPNS of socket(7)), as the process may have been frozen since.</summary>
internal static class ArrivalTime
{
    public const int Length = ControlData.HeaderLength + (2 * sizeof(long));

    private const int Level = 1;
    private const int Type = 35;
    private const int NanosecondsPerTick = 100;

    public static void Enable(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption(Level, Type, MemoryMarshal.AsBytes<int>([1]));
        }
        catch (SocketException)
        {
            // Datagrams count as just arrived, as on other systems.
        }
    }

    /// <summary>Zero if the system did not report the arrival.</summary>
    public static TimeSpan Age(ReadOnlySpan<byte> control, DateTime now)
    {
        var stamp = ControlData.Find(control, Level, Type);
        if (stamp.Length < Length)
        {
            return TimeSpan.Zero;
        }

        var seconds = MemoryMarshal.Read<long>(stamp[ControlData.HeaderLength..]);
        var nanoseconds = MemoryMarshal.Read<long>(stamp[(ControlData.HeaderLength + sizeof(long))..]);
        var arrived = DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / NanosecondsPerTick);
        return new TimeSpan(Math.Max(0, now.Ticks - arrived));
    }
}
