using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KadOrleans.Lab;

/// <summary>
/// One socket that asks under many addresses of this host, up to 32 datagrams a system call, as a node answers them. Linux only. Used by
/// one thread.
/// </summary>
internal sealed unsafe class LoadSocket : IDisposable
{
    private const int AnswerSize = 9 * 1024;
    private const int BufferBytes = 4 * 1024 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly int _descriptor;
    private readonly MessageBatch _in = new(AnswerSize);
    private readonly MessageBatch _out = new(AnswerSize);
    private UdpEndpoint _target;
    private bool _choosesSource;

    public LoadSocket()
    {
        _socket.ReceiveBufferSize = BufferBytes;
        _socket.SendBufferSize = BufferBytes;
        PacketInformation.Enable(_socket);
        _socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        _descriptor = (int)_socket.SafeHandle.DangerousGetHandle();
        Port = (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    public ushort Port { get; }

    public void SetTarget(UdpEndpoint target, bool choosesSource) => (_target, _choosesSource) = (target, choosesSource);

    public void Queue(ReadOnlySpan<byte> datagram, int source) => Put(datagram, _target, _choosesSource ? source : -1);

    /// <summary>Sends what is queued. What the system does not take is lost.</summary>
    public void Flush()
    {
        for (var next = 0; next < _out.Count;)
        {
            next += Math.Max(1, LinuxCalls.SendMany(_descriptor, _out.Headers + next, (uint)(_out.Count - next), 0));
        }

        _out.Clear();
    }

    /// <summary>Sends at once to where a datagram came from, from where it came to.</summary>
    public void Reply(ReadOnlySpan<byte> datagram, int index)
    {
        Put(datagram, SenderOf(index), SourceOf(index));
        Flush();
    }

    /// <summary>Reads what has come, and how many datagrams that is; waits for the first.</summary>
    public int Receive(TimeSpan longest)
    {
        var count = ReceiveNow();
        return count > 0 || longest <= TimeSpan.Zero || !PollCalls.WaitForInput(_descriptor, longest) ? count : ReceiveNow();
    }

    public ReadOnlySpan<byte> Datagram(int index) => _in.Datagram(index);

    public UdpEndpoint SenderOf(int index) =>
        SocketAddressBytes.TryRead(_in.Address(index), AddressFamily.InterNetwork, out var sender) ? sender : default;

    /// <summary>The index of the <see cref="LoopbackSources"/> that it came to, or -1.</summary>
    public int SourceOf(int index) => LoopbackSources.IndexOf((uint)_in.Asked(index).AddressLow);

    public void Dispose()
    {
        _socket.Dispose();
        _in.Dispose();
        _out.Dispose();
    }

    private int ReceiveNow()
    {
        _in.Reset();
        return Math.Max(0, LinuxCalls.ReceiveMany(_descriptor, _in.Headers, MessageBatch.Capacity, LinuxCalls.DoNotWait, null));
    }

    private void Put(ReadOnlySpan<byte> datagram, UdpEndpoint destination, int source)
    {
        var from = source < 0 ? default : UdpEndpoint.FromIPv4(LoopbackSources.AddressOf(source), 0);
        _out.TryAdd(datagram, destination, from, AddressFamily.InterNetwork);
        if (_out.IsFull)
        {
            Flush();
        }
    }
}

/// <summary>ppoll(2), whose waits may be shorter than a millisecond.</summary>
internal static unsafe partial class PollCalls
{
    private const short Input = 1;

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

    public static int IndexOf(uint address)
    {
        var (block, place) = ((int)(address >> 16) - (int)(First >> 16), (int)(address >> 8) & 0xFF);
        var index = (block * PerBlock) + place;
        return index is >= 0 and < Most && place < PerBlock && AddressOf(index) == address ? index : -1;
    }
}
