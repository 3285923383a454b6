using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KadOrleans.Lab;

/// <summary>
/// One socket that asks under many addresses of this host, up to 64 datagrams a system call, and copies none of them.
/// Linux only. Used by one thread.
/// </summary>
internal sealed unsafe class LoadSocket : IDisposable
{
    private const int BatchSize = 64;
    private const int AnswerSize = 9 * 1024;
    private const int AddressSize = 16;
    private const int BufferBytes = 4 * 1024 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly int _descriptor;
    private readonly MessagePlaces _in = new(BatchSize, AddressSize, PacketInformation.MaxLength);
    private readonly MessagePlaces _out = new(BatchSize, AddressSize, PacketInformation.MaxLength);
    private readonly byte* _answers = (byte*)NativeMemory.Alloc(BatchSize, AnswerSize);
    private readonly byte* _reply = (byte*)NativeMemory.Alloc(AnswerSize);
    private bool _choosesSource;
    private int _queued;

    public LoadSocket()
    {
        _socket.ReceiveBufferSize = BufferBytes;
        _socket.SendBufferSize = BufferBytes;
        PacketInformation.Enable(_socket);
        _socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        _descriptor = (int)_socket.SafeHandle.DangerousGetHandle();
        Port = (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port;
        for (var i = 0; i < BatchSize; i++)
        {
            _in.Buffers[i] = new LinuxCalls.Buffer { Start = _answers + (i * AnswerSize), Length = AnswerSize };
        }
    }

    public ushort Port { get; }

    public static ulong Pack(UdpEndpoint endpoint)
    {
        Span<byte> address = stackalloc byte[sizeof(ulong)];
        MemoryMarshal.Write(address, (ushort)AddressFamily.InterNetwork);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], endpoint.Port);
        BinaryPrimitives.WriteUInt32BigEndian(address[4..], (uint)endpoint.AddressLow);
        return MemoryMarshal.Read<ulong>(address);
    }

    public void SetTarget(UdpEndpoint target, bool choosesSource)
    {
        _choosesSource = choosesSource;
        for (var i = 0; i < BatchSize; i++)
        {
            MemoryMarshal.Write(_out.Address(i), Pack(target));
        }
    }

    /// <summary>Has a datagram sent with the others. It must stay as it is until then.</summary>
    public void Queue(byte* datagram, int length, int source)
    {
        Put(_queued, datagram, length, _choosesSource ? LoopbackSources.AddressOf(source) : null);
        if (++_queued == BatchSize)
        {
            Flush();
        }
    }

    /// <summary>Sends what is queued. What the system does not take is lost.</summary>
    public void Flush()
    {
        for (var next = 0; next < _queued;)
        {
            next += Math.Max(1, LinuxCalls.SendMany(_descriptor, _out.Headers + next, (uint)(_queued - next), 0));
        }

        _queued = 0;
    }

    /// <summary>Sends a copy at once to where a datagram came from, from where it came to.</summary>
    public void Reply(ReadOnlySpan<byte> datagram, int index)
    {
        Flush();
        datagram.CopyTo(new Span<byte>(_reply, AnswerSize));
        var target = MemoryMarshal.Read<ulong>(_out.Address(0));
        MemoryMarshal.Write(_out.Address(0), SenderOf(index));
        Put(_queued++, _reply, datagram.Length, SourceOf(index) is >= 0 and var source ? LoopbackSources.AddressOf(source) : null);
        Flush();
        MemoryMarshal.Write(_out.Address(0), target);
    }

    /// <summary>Reads what has come, and how many datagrams that is; waits for the first.</summary>
    public int Receive(TimeSpan longest)
    {
        for (var i = 0; i < BatchSize; i++)
        {
            _in.Headers[i].Message.AddressLength = AddressSize;
            _in.Headers[i].Message.ControlLength = PacketInformation.MaxLength;
        }

        var count = LinuxCalls.ReceiveMany(_descriptor, _in.Headers, BatchSize, LinuxCalls.DoNotWait, null);
        if (count > 0 || longest <= TimeSpan.Zero)
        {
            return Math.Max(count, 0);
        }

        return PollCalls.WaitForInput(_descriptor, longest)
            ? Math.Max(0, LinuxCalls.ReceiveMany(_descriptor, _in.Headers, BatchSize, LinuxCalls.DoNotWait, null))
            : 0;
    }

    public ReadOnlySpan<byte> Datagram(int index) => new(_in.Buffers[index].Start, (int)_in.Headers[index].Length);

    /// <summary>Whom it is from, as <see cref="Pack"/> says it.</summary>
    public ulong SenderOf(int index) => MemoryMarshal.Read<ulong>(_in.Address(index));

    /// <summary>The index of the <see cref="LoopbackSources"/> that it came to, or -1.</summary>
    public int SourceOf(int index) =>
        PacketInformation.TryRead(_in.Control(index)[..(int)_in.Headers[index].Message.ControlLength], out var address)
            ? LoopbackSources.IndexOf((uint)address.AddressLow)
            : -1;

    public void Dispose()
    {
        _socket.Dispose();
        _in.Dispose();
        _out.Dispose();
        NativeMemory.Free(_answers);
        NativeMemory.Free(_reply);
    }

    private void Put(int index, byte* datagram, int length, uint? localAddress)
    {
        _out.Buffers[index] = new LinuxCalls.Buffer { Start = datagram, Length = (nuint)length };
        _out.Headers[index].Message.ControlLength = localAddress is { } local
            ? (nuint)PacketInformation.Write(_out.Control(index), UdpEndpoint.FromIPv4(local, 0), AddressFamily.InterNetwork)
            : 0;
    }
}

/// <summary>Headers of many datagrams with room for addresses and control data; the datagrams themselves are elsewhere.</summary>
internal sealed unsafe class MessagePlaces : IDisposable
{
    private readonly byte* _addresses;
    private readonly byte* _controls;
    private readonly int _addressSize;
    private readonly int _controlSize;

    public MessagePlaces(int count, int addressSize, int controlSize)
    {
        (_addressSize, _controlSize) = (addressSize, controlSize);
        Headers = (LinuxCalls.MessageHeader*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(LinuxCalls.MessageHeader));
        Buffers = (LinuxCalls.Buffer*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(LinuxCalls.Buffer));
        _addresses = (byte*)NativeMemory.AllocZeroed((nuint)count, (nuint)addressSize);
        _controls = (byte*)NativeMemory.AllocZeroed((nuint)count, (nuint)controlSize);
        for (var i = 0; i < count; i++)
        {
            Headers[i].Message.Address = _addresses + (i * addressSize);
            Headers[i].Message.AddressLength = (uint)addressSize;
            Headers[i].Message.Buffers = &Buffers[i];
            Headers[i].Message.BufferCount = 1;
            Headers[i].Message.Control = _controls + (i * controlSize);
        }
    }

    public LinuxCalls.MessageHeader* Headers { get; }

    public LinuxCalls.Buffer* Buffers { get; }

    public Span<byte> Address(int index) => new(_addresses + (index * _addressSize), _addressSize);

    public Span<byte> Control(int index) => new(_controls + (index * _controlSize), _controlSize);

    public void Dispose()
    {
        NativeMemory.Free(Headers);
        NativeMemory.Free(Buffers);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_controls);
    }
}

/// <summary>ppoll(2), whose waits may be shorter than a millisecond.</summary>
internal static unsafe partial class PollCalls
{
    private const short Input = 1;

    /// <summary>Waits until a socket can be read; false if the time is over.</summary>
    public static bool WaitForInput(int socket, TimeSpan longest)
    {
        var entry = new Entry { Descriptor = socket, Events = Input };
        var time = new Time { Seconds = (long)longest.TotalSeconds, Nanoseconds = longest.Ticks % TimeSpan.TicksPerSecond * 100 };
        return Poll(&entry, 1, &time, null) > 0;
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll(Entry* entries, nuint count, Time* longest, void* signals);

    private struct Entry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

/// <summary>
/// Addresses 127.x.y.1 of this host, each in a /24 of its own. So each has its own share of a node's limits per source and subnet. One
/// socket bound to 0.0.0.0 has them all. It learns to which of them a datagram came, and chooses from which of them one leaves.
/// </summary>
internal static class LoopbackSources
{
    public const int Most = 1_000;

    private const int PerBlock = 250;

    // Above 127.0.0.0/16, where other programs of the host listen.
    private const uint First = 0x7F_01_00_01;

    public static uint AddressOf(int index) => First + ((uint)(index / PerBlock) << 16) + ((uint)(index % PerBlock) << 8);

    /// <summary>The index of an address, or -1.</summary>
    public static int IndexOf(uint address)
    {
        var (block, place) = ((int)(address >> 16) - (int)(First >> 16), (int)(address >> 8) & 0xFF);
        var index = (block * PerBlock) + place;
        return index is >= 0 and < Most && place < PerBlock && AddressOf(index) == address ? index : -1;
    }
}
