using System.Runtime.InteropServices;

namespace KadOrleans.Lab.Benchmarking;

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
