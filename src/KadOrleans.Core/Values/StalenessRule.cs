namespace KadOrleans.Core.Values;

// How old knowledge of a shard may be that a get is answered by. The second bound holds for remote nodes while the shard does not
// respond. All times are timestamps of one monotonic clock.
internal readonly record struct StalenessRule(long Usual, long Outage)
{
    /// <summary>All of the shard's changes before <paramref name="confirmedAt"/> are known.</summary>
    public bool IsOutage(long now, long confirmedAt, ShardCalls calls) =>
        calls.UnansweredAt > Math.Max(confirmedAt, calls.AnsweredAt)

        // An older silence proves nothing: this process may have been paused, and the shard has not been asked since.
        && now - calls.UnansweredAt < Usual;
}

/// <summary><see cref="long.MinValue"/> for never.</summary>
internal readonly record struct ShardCalls(long AnsweredAt, long UnansweredAt)
{
    public static ShardCalls None { get; } = new(long.MinValue, long.MinValue);
}
