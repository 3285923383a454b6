namespace KadOrleans.Core.Values;

/// <summary>
/// How old knowledge of a shard may be by which a get is answered without asking the shard. The second bound holds for remote nodes while
/// the shard does not respond. All times are timestamps of one monotonic clock.
/// </summary>
internal readonly record struct StalenessRule(long Usual, long Outage)
{
    /// <summary>Whether the shard does not respond. All its changes before <paramref name="confirmedAt"/> are known.</summary>
    public bool IsOutage(long now, long confirmedAt, ShardCalls calls) =>
        calls.UnansweredAt > Math.Max(confirmedAt, calls.AnsweredAt)

        // An older silence proves nothing: this process may have been paused, and the shard has not been asked since.
        && now - calls.UnansweredAt < Usual;
}

/// <summary>When a shard last responded to a get, and when it last did not in time; <see cref="long.MinValue"/> for never.</summary>
internal readonly record struct ShardCalls(long AnsweredAt, long UnansweredAt)
{
    public static ShardCalls None { get; } = new(long.MinValue, long.MinValue);
}
