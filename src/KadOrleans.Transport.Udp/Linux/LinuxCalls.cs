using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>The system calls that take many datagrams at once, or addresses of their own: recvmmsg(2), sendmmsg(2), sendmsg(2).</summary>
internal static unsafe partial class LinuxCalls
{
    /// <summary>Return at once where the call would wait (MSG_DONTWAIT).</summary>
    internal const int DoNotWait = 0x40;

    /// <summary>Wait for the first datagram only (MSG_WAITFORONE).</summary>
    internal const int WaitForOne = 0x10000;

    /// <summary>Reads up to <paramref name="count"/> datagrams; how many, or -1.</summary>
    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMany(int socket, MessageHeader* messages, uint count, int flags, void* timeout);

    /// <summary>Sends up to <paramref name="count"/> datagrams; how many, or -1 if not even the first.</summary>
    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    internal static partial int SendMany(int socket, MessageHeader* messages, uint count, int flags);

    /// <summary>Sends one datagram; its length, or -1.</summary>
    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint Send(int socket, Message* message, int flags);

    /// <summary>Why the last call failed, as the base library names it. Numbers of errno(3).</summary>
    internal static SocketError LastError() => Marshal.GetLastPInvokeError() switch
    {
        4 => SocketError.Interrupted,
        11 => SocketError.WouldBlock,
        90 => SocketError.MessageSize,
        101 => SocketError.NetworkUnreachable,
        102 => SocketError.NetworkReset,
        104 => SocketError.ConnectionReset,
        111 => SocketError.ConnectionRefused,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };

    /// <summary>One buffer of a datagram (struct iovec).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Buffer
    {
        internal byte* Start;
        internal nuint Length;
    }

    /// <summary>A datagram and its address (struct msghdr).</summary>
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

    /// <summary>A message with its length, once it was read or sent (struct mmsghdr).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        internal Message Message;
        internal uint Length;
    }
}
