namespace KadOrleans.Core.Values;

/// <summary>What a store did to values that it held, since it was opened.</summary>
/// <param name="EvictedFar">Values evicted so that others had room, of keys for which the node was not responsible.</param>
/// <param name="EvictedNear">The same of other keys.</param>
/// <param name="Changed">Live values replaced by another source than the one that stored them.</param>
public readonly record struct StoreTurnover(long EvictedFar, long EvictedNear, long Changed)
{
    /// <summary>Values evicted, of all keys.</summary>
    public long Evicted => EvictedFar + EvictedNear;

    /// <summary>With what a decision does that is carried out.</summary>
    public StoreTurnover Add(StoreDecision decision)
    {
        var far = 0;
        foreach (var evicted in decision.Evicted)
        {
            far += evicted.IsFar ? 1 : 0;
        }

        return new StoreTurnover(
            EvictedFar + far, EvictedNear + decision.Evicted.Count - far, Changed + (decision.IsChange ? 1 : 0));
    }

    /// <summary>Both together.</summary>
    public StoreTurnover Add(StoreTurnover other) =>
        new(EvictedFar + other.EvictedFar, EvictedNear + other.EvictedNear, Changed + other.Changed);
}
