using System.Runtime.InteropServices;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>epoll(7): waits for whichever of many sockets can be read.</summary>
internal static unsafe partial class EpollCalls
{
    private const int Add = 1;
    private const int Delete = 2;
    private const uint Input = 1;
    private const int CloseOnExec = 0x80000;

    // The system packs an event on x86-64 alone: four bytes of flags, then eight of ours.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    /// <summary>Bytes of one event.</summary>
    internal static int EventSize => DataAt + sizeof(long);

    /// <summary>The descriptor of a new set, or -1.</summary>
    internal static int Create() => CreateSet(CloseOnExec);

    /// <summary>Puts a socket into a set; false if the system refuses.</summary>
    internal static bool TryAdd(int set, int socket)
    {
        var change = stackalloc byte[EventSize];
        *(uint*)change = Input;
        *(long*)(change + DataAt) = socket;
        return Control(set, Add, socket, change) == 0;
    }

    /// <summary>Takes a socket out of a set.</summary>
    internal static void Remove(int set, int socket) => _ = Control(set, Delete, socket, null);

    /// <summary>Waits until some can be read; how many events were written, or -1.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    internal static partial int Wait(int set, byte* events, int most, int milliseconds);

    /// <summary>The socket of an event.</summary>
    internal static int SocketOf(byte* events, int index) => (int)*(long*)(events + (index * EventSize) + DataAt);

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    private static partial int CreateSet(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl")]
    private static partial int Control(int set, int operation, int socket, byte* change);
}
