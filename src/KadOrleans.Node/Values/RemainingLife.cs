namespace KadOrleans.Node.Values;

/// <summary>What is left of a value's life, as it travels: whole seconds, rounded down, so that it never grows.</summary>
internal static class RemainingLife
{
    /// <summary>
    /// What a copy of a value gets whose holder did not say how old it is. It is one that a get leaves behind: the value's
    /// other holders keep it alive, and one hour bridges the time to their next STOREs.
    /// </summary>
    public static readonly TimeSpan WhenUnstated = TimeSpan.FromHours(1);

    /// <summary>A life as the wire has it; the longest it can say is 136 years.</summary>
    public static uint InSeconds(TimeSpan life) => (uint)Math.Clamp(life.TotalSeconds, 0, uint.MaxValue);
}
