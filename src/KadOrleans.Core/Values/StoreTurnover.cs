namespace KadOrleans.Core.Values;

/// <summary>The values that a store evicted or replaced since it was opened.</summary>
/// <param name="EvictedFar">Values evicted so that others had room, of keys for which the node was not responsible.</param>
/// <param name="EvictedNear">Values evicted of other keys.</param>
/// <param name="Changed">Live values that another source than the one that stored them replaced, or made live longer.</param>
public readonly record struct StoreTurnover(long EvictedFar, long EvictedNear, long Changed)
{
    /// <summary>Values evicted, of all keys.</summary>
    public long Evicted => EvictedFar + EvictedNear;

    internal StoreTurnover Add(StoreDecision decision)
    {
        var far = decision.Evicted.Count(evicted => evicted.IsFar);
        return new StoreTurnover(
            EvictedFar + far, EvictedNear + decision.Evicted.Count - far, Changed + (decision.IsChange ? 1 : 0));
    }

    /// <summary>Both together.</summary>
    public StoreTurnover Add(StoreTurnover other) =>
        new(EvictedFar + other.EvictedFar, EvictedNear + other.EvictedNear, Changed + other.Changed);
}
