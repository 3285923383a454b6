namespace KadOrleans.Node.Values;

/// <summary>What is left of a value's life, as it travels: whole seconds, rounded down, so that it never grows.</summary>
internal static class RemainingLife
{
    /// <summary>
    /// What a copy of a value gets whose holder did not say how old it is. It is one that a get leaves behind: the value's
    /// other holders keep it alive, and one hour bridges the time to their next STOREs.
    /// </summary>
    public static readonly TimeSpan WhenUnstated = TimeSpan.FromHours(1);

    /// <summary>
    /// The most that such a copy lives at one of the k nearest. Within 70 minutes the other holders send it the value with its
    /// whole life, if it is one of theirs; if it only seemed to be, nobody ever sends it the next value of the key.
    /// </summary>
    public static readonly TimeSpan OfHolder = TimeSpan.FromHours(2);

    /// <summary>
    /// The most that such a copy lives beyond the k nearest (Kademlia §2.3: the farther, the shorter). The next value of the
    /// key is not stored there, and whoever asks there gets the old one for so long.
    /// </summary>
    public static readonly TimeSpan OfCache = TimeSpan.FromMinutes(5);

    /// <summary>How long the copy lives that a get leaves behind.</summary>
    /// <param name="left">What is left where the value was found; null if that was not said.</param>
    /// <param name="belongs">Whether the contact is one of the k nearest.</param>
    public static TimeSpan OfCopy(TimeSpan? left, bool belongs)
    {
        var life = left ?? WhenUnstated;
        var most = belongs ? OfHolder : OfCache;
        return life < most ? life : most;
    }

    /// <summary>A life as the wire has it; the longest it can say is 136 years.</summary>
    public static uint InSeconds(TimeSpan life) => (uint)Math.Clamp(life.TotalSeconds, 0, uint.MaxValue);
}
