using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Transport.Udp.Linux;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>
/// One socket that asks under many addresses of this host, up to 64 datagrams a system call, and copies none of them.
/// Linux only. Used by one thread.
/// </summary>
internal sealed unsafe class LoadSocket : IDisposable
{
    private const int BatchSize = 64;
    private const int AnswerSize = 9 * 1024;
    private const int AddressSize = 16;
    private const int ControlSize = 64;
    private const int BufferBytes = 4 * 1024 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly int _descriptor;
    private readonly bool _choosesSource;
    private readonly MessagePlaces _in = new(BatchSize, AddressSize, ControlSize);
    private readonly MessagePlaces _out = new(BatchSize, AddressSize, ControlSize);
    private readonly byte* _answers = (byte*)NativeMemory.Alloc(BatchSize, AnswerSize);
    private readonly byte* _reply = (byte*)NativeMemory.Alloc(AnswerSize);
    private ulong _target;
    private int _queued;

    /// <param name="choosesSource">Whether datagrams leave from <see cref="LoopbackSources"/>; else from where the system chooses.</param>
    public LoadSocket(bool choosesSource)
    {
        _choosesSource = choosesSource;
        _socket.ReceiveBufferSize = BufferBytes;
        _socket.SendBufferSize = BufferBytes;
        _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
        _socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        _descriptor = (int)_socket.SafeHandle.DangerousGetHandle();
        Port = (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port;
        for (var i = 0; i < BatchSize; i++)
        {
            _in.Buffers[i] = new LinuxCalls.Buffer { Start = _answers + (i * AnswerSize), Length = AnswerSize };
        }
    }

    public ushort Port { get; }

    /// <summary>From now on datagrams go there, and only what comes from there is looked at.</summary>
    public void SetTarget(UdpEndpoint target)
    {
        Span<byte> address = stackalloc byte[AddressSize];
        address.Clear();
        MemoryMarshal.Write(address, (ushort)AddressFamily.InterNetwork);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], target.Port);
        BinaryPrimitives.WriteUInt32BigEndian(address[4..], (uint)target.AddressLow);
        _target = MemoryMarshal.Read<ulong>(address);
        for (var i = 0; i < BatchSize; i++)
        {
            address.CopyTo(_out.Address(i));
        }
    }

    /// <summary>Has a datagram sent with the others. It must stay as it is until then.</summary>
    /// <param name="datagram">Where it begins, in memory that does not move.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="source">Index of the address that it leaves from.</param>
    public void Queue(byte* datagram, int length, int source)
    {
        _out.Buffers[_queued] = new LinuxCalls.Buffer { Start = datagram, Length = (nuint)length };
        if (_choosesSource)
        {
            PacketInformation.Write(_out.Control(_queued), LoopbackSources.AddressOf(source));
            _out.Headers[_queued].Message.ControlLength = PacketInformation.Length;
        }
        else
        {
            _out.Headers[_queued].Message.ControlLength = 0;
        }

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

    /// <summary>Sends a copy at once.</summary>
    public void Reply(ReadOnlySpan<byte> datagram, int source)
    {
        Flush();
        datagram.CopyTo(new Span<byte>(_reply, AnswerSize));
        Queue(_reply, datagram.Length, source);
        Flush();
    }

    /// <summary>Reads what has come, and how many datagrams that is; waits for the first.</summary>
    /// <param name="longest">The longest wait, which may be none.</param>
    public int Receive(TimeSpan longest)
    {
        for (var i = 0; i < BatchSize; i++)
        {
            _in.Headers[i].Message.AddressLength = AddressSize;
            _in.Headers[i].Message.ControlLength = ControlSize;
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

    /// <summary>A datagram that was read; empty if it is not the target's.</summary>
    public ReadOnlySpan<byte> Datagram(int index) => MemoryMarshal.Read<ulong>(_in.Address(index)) == _target
        ? new ReadOnlySpan<byte>(_in.Buffers[index].Start, (int)_in.Headers[index].Length)
        : [];

    /// <summary>The index of the address that a datagram came to, or -1.</summary>
    public int SourceOf(int index) => !_choosesSource
        ? 0
        : PacketInformation.TryRead(_in.Control(index), (int)_in.Headers[index].Message.ControlLength, out var address)
            ? LoopbackSources.IndexOf(address)
            : -1;

    public void Dispose()
    {
        _socket.Dispose();
        _in.Dispose();
        _out.Dispose();
        NativeMemory.Free(_answers);
        NativeMemory.Free(_reply);
    }
}
