namespace KadOrleans.Core;

internal sealed record CrawlTiming
{
    /// <summary>When edges are first asked for their progress; it doubles until a slice ends.</summary>
    public TimeSpan FirstPoll { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest time between two rounds of asking. A slice of a large network takes minutes.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After this time without an answer an edge is not asked any more, so that its lease runs out.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an edge goes on without being asked: longer than a silo's death takes to be noticed.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How late a question may reach an edge, whose lease it renews then: a slow network or a full queue must not let two edges send at the rate of one.
    /// </summary>
    public TimeSpan Delivery { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan Pause { get; init; } = TimeSpan.FromMinutes(1);
}
