namespace KadOrleans.Node;

/// <summary>How a node walks at random through the network to meet contacts that no lookup led to.</summary>
public sealed record RandomWalkOptions
{
    /// <summary>Whether the table is refreshed at the interval. Default true; false leaves it to callers.</summary>
    public bool AutoRefresh { get; set; } = true;

    /// <summary>Time between refreshes, or up to a tenth less, so that nodes differ. 1 s to 1 day; default 300 s.</summary>
    [Within("00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>Contacts below which refreshes come at once, then after pauses from 1 s on. 0 to 1,000; default 4.</summary>
    [Within(0, 1_000)]
    public int MinTableSize { get; set; } = 4;

    /// <summary>Walks of one refresh, all at the same time. 1 to 64; default 3.</summary>
    [Within(1, 64)]
    public int Count { get; set; } = 3;

    /// <summary>The longest that one walk takes; it keeps what it found by then. 1 s to 1 hour; default 60 s.</summary>
    [Within("00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);
}
