namespace KadOrleans.Core.Values;

/// <summary>
/// How old knowledge of a shard may be by which a get is answered without asking the shard. All times are timestamps of one monotonic
/// clock.
/// </summary>
/// <param name="Usual">The bound while the shard responds.</param>
/// <param name="Outage">The bound for remote nodes while it does not. Below <paramref name="Usual"/> it changes nothing.</param>
internal readonly record struct StalenessRule(long Usual, long Outage)
{
    /// <summary>Whether the shard does not respond, so that <see cref="Outage"/> is the bound.</summary>
    /// <param name="now">The present.</param>
    /// <param name="confirmedAt">All changes of the shard before this time are known.</param>
    /// <param name="calls">How the last calls to it ended.</param>
    public bool IsOutage(long now, long confirmedAt, ShardCalls calls) =>
        calls.UnansweredAt > Math.Max(confirmedAt, calls.AnsweredAt)

        // An older silence proves nothing: this process may have been paused, and the shard has not been asked since.
        && now - calls.UnansweredAt < Usual;
}

/// <summary>How the last calls to a shard ended. <see cref="long.MinValue"/> stands for none.</summary>
/// <param name="AnsweredAt">When it last responded to a get.</param>
/// <param name="UnansweredAt">When the last call was made that it did not respond to in time.</param>
internal readonly record struct ShardCalls(long AnsweredAt, long UnansweredAt)
{
    /// <summary>No call was made.</summary>
    public static ShardCalls None { get; } = new(long.MinValue, long.MinValue);
}
