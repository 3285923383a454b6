using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Transport.Udp.Linux;

namespace KadOrleans.Lab.Benchmarking;

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

    /// <summary>An endpoint as <see cref="SenderOf"/> gives it.</summary>
    public static ulong Pack(UdpEndpoint endpoint)
    {
        Span<byte> address = stackalloc byte[sizeof(ulong)];
        MemoryMarshal.Write(address, (ushort)AddressFamily.InterNetwork);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], endpoint.Port);
        BinaryPrimitives.WriteUInt32BigEndian(address[4..], (uint)endpoint.AddressLow);
        return MemoryMarshal.Read<ulong>(address);
    }

    /// <summary>From now on datagrams go there.</summary>
    /// <param name="target">Where.</param>
    /// <param name="choosesSource">Whether they leave from <see cref="LoopbackSources"/>; else from where the system chooses.</param>
    public void SetTarget(UdpEndpoint target, bool choosesSource)
    {
        _choosesSource = choosesSource;
        for (var i = 0; i < BatchSize; i++)
        {
            MemoryMarshal.Write(_out.Address(i), Pack(target));
        }
    }

    /// <summary>Has a datagram sent with the others. It must stay as it is until then.</summary>
    /// <param name="datagram">Where it begins, in memory that does not move.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="source">Index of the address that it leaves from.</param>
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
    /// <param name="datagram">What to send.</param>
    /// <param name="index">Of the one that was read.</param>
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
    /// <param name="longest">The longest wait, which may be none.</param>
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

    /// <summary>A datagram that was read.</summary>
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
