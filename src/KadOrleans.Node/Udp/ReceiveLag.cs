namespace KadOrleans.Node;

/// <summary>How long datagrams wait in the socket until they are read: whether this process keeps up with what it is asked.</summary>
internal sealed class ReceiveLag
{
    /// <summary>Beyond it others notice: it is as long as a fast network's whole round trip.</summary>
    public static readonly TimeSpan Noticed = TimeSpan.FromMilliseconds(20);

    // A clock that is set makes one datagram hours old.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    // A running average, in ticks. The receiving thread changes it.
    private long _average;

    public bool IsNoticed => Volatile.Read(ref _average) > Noticed.Ticks;

    public void Record(TimeSpan age)
    {
        var (average, ticks) = (_average, Math.Clamp(age.Ticks, 0, Longest.Ticks));
        Volatile.Write(ref _average, average + ((ticks - average) / 16));
    }
}
