using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Decides which puts are too old. A put may stay for long in the buffers of a frozen process, and may reach a shard by two routes. So its
/// age is counted from <see cref="StoredValue.StoredAt"/>, the time of its receipt.
/// </summary>
internal static class PutFence
{
    /// <summary>
    /// The age at which a put's sender has certainly timed out. The edge waits 4 s, and clocks may differ by 5 s before the cluster warns.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(9);

    /// <summary>The put with a time that is not in the future. Otherwise a clock that is ahead would keep later puts out.</summary>
    public static ShardPut Admit(ShardPut put, DateTimeOffset now) =>
        put.Value.StoredAt > now && put.Kind != PutKind.Import ? put with { Value = put.Value with { StoredAt = now } } : put;

    /// <summary>
    /// Whether a put must be refused: it is too old, or the shard holds another value that was received later. The same value again is
    /// allowed. Imports have a rule of their own (<see cref="StoreDecision"/>).
    /// </summary>
    /// <param name="put">The put.</param>
    /// <param name="held">The held value of its key, or null.</param>
    /// <param name="now">The present time, by the shard's clock.</param>
    public static bool IsLate(ShardPut put, StoredValue? held, DateTimeOffset now)
    {
        if (put.Kind == PutKind.Import)
        {
            return false;
        }

        // A held value from the future has the time of a wrong clock, which proves nothing.
        var isOvertaken = held is not null && held.StoredAt > put.Value.StoredAt && held.StoredAt <= now && held.Value != put.Value.Value;
        return isOvertaken || now - put.Value.StoredAt > MaxAge;
    }
}
