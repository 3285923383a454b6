namespace KadOrleans.Node.Values;

/// <summary>A value's remaining life on the wire: whole seconds, rounded down, so that it never grows.</summary>
internal static class RemainingLife
{
    /// <summary>
    /// The life of a copy that a get leaves, if the holder did not send the remaining life. One hour suffices until the other holders' next
    /// STOREs.
    /// </summary>
    public static readonly TimeSpan WhenUnstated = TimeSpan.FromHours(1);

    /// <summary>
    /// The most that such a copy lives at one of the k nearest. A real holder is refreshed by the others within 70 minutes. A node wrongly
    /// taken for one never receives the key's next value, so its copy must expire soon.
    /// </summary>
    public static readonly TimeSpan OfHolder = TimeSpan.FromHours(2);

    /// <summary>
    /// The most that such a copy lives beyond the k nearest (Kademlia §2.3: the farther, the shorter). The next value of the key is not
    /// stored there, and gets there return the old one for this long.
    /// </summary>
    public static readonly TimeSpan OfCache = TimeSpan.FromMinutes(5);

    /// <param name="left">The value's remaining life at its holder; null if unknown.</param>
    /// <param name="belongs">Whether the contact is one of the k nearest.</param>
    public static TimeSpan OfCopy(TimeSpan? left, bool belongs)
    {
        var life = left ?? WhenUnstated;
        var most = belongs ? OfHolder : OfCache;
        return life < most ? life : most;
    }

    /// <summary>A life in seconds; the wire's maximum is 136 years.</summary>
    public static uint InSeconds(TimeSpan life) => (uint)Math.Clamp(life.TotalSeconds, 0, uint.MaxValue);
}
