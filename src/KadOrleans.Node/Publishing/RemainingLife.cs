namespace KadOrleans.Node;

internal static class RemainingLife
{
    /// <summary>The life of a get's copy if the holder stated none: long enough until other holders' next STOREs.</summary>
    public static readonly TimeSpan WhenUnstated = TimeSpan.FromHours(1);

    /// <summary>The most at one of the k nearest. A node wrongly taken for one never gets the key's next value.</summary>
    public static readonly TimeSpan OfHolder = TimeSpan.FromHours(2);

    /// <summary>The most beyond the k nearest (Kademlia §2.3), where the key's next value is not stored.</summary>
    public static readonly TimeSpan OfCache = TimeSpan.FromMinutes(5);

    /// <param name="left">The value's remaining life at its holder; null if unknown.</param>
    /// <param name="belongs">Whether the contact is one of the k nearest.</param>
    public static TimeSpan OfCopy(TimeSpan? left, bool belongs)
    {
        var life = left ?? WhenUnstated;
        var most = belongs ? OfHolder : OfCache;
        return life < most ? life : most;
    }

    /// <summary>Whole seconds, rounded down so that a life never grows; at most 136 years.</summary>
    public static uint InSeconds(TimeSpan life) => (uint)Math.Clamp(life.TotalSeconds, 0, uint.MaxValue);
}
