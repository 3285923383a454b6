using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Decides which puts are too late. A put may lie for long in the buffers of a frozen process, continue when it wakes, and
/// reach a shard by two ways. It is judged by <see cref="StoredValue.StoredAt"/>, the time at which it was taken in, wherever it was since.
/// </summary>
internal static class PutFence
{
    /// <summary>
    /// The sender of a put that was taken in longer ago than this has given up: the edge waited 4 s, and clocks may
    /// differ by 5 s before the cluster complains of them.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(9);

    /// <summary>The put as it is judged and held: not of the future, as a clock that is ahead would keep later puts out.</summary>
    public static ShardPut Admit(ShardPut put, DateTimeOffset now) =>
        put.Value.StoredAt > now && put.Kind != PutKind.Import ? put with { Value = put.Value with { StoredAt = now } } : put;

    /// <summary>
    /// Whether a put must not be carried out: it is too old, or what is held was taken in after it and is another value. The same
    /// value again undoes nothing. Imports have a rule of their own (<see cref="StoreDecision"/>).
    /// </summary>
    /// <param name="put">The put.</param>
    /// <param name="held">What is held of its key; null if nothing.</param>
    /// <param name="now">The present, by the shard's clock.</param>
    public static bool IsLate(ShardPut put, StoredValue? held, DateTimeOffset now)
    {
        if (put.Kind == PutKind.Import)
        {
            return false;
        }

        // What is held of the future was taken in by a clock that is no measure.
        var isOvertaken = held is not null && held.StoredAt > put.Value.StoredAt && held.StoredAt <= now && held.Value != put.Value.Value;
        return isOvertaken || now - put.Value.StoredAt > MaxAge;
    }
}
