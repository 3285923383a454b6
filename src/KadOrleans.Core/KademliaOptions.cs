namespace KadOrleans.Core;

/// <summary>The constants of the paper and of the network, as one node uses them.</summary>
public sealed record KademliaOptions
{
    /// <summary>k: contacts per bucket and answer, and copies of a value (Kademlia §2.2). 1 to 64; default 20.</summary>
    [Within(1, 64)]
    public int BucketSize { get; set; } = 20;

    /// <summary>α: requests of one lookup in flight at once (Kademlia §2.3). 1 to 64; default 3.</summary>
    [Within(1, 64)]
    public int LookupConcurrency { get; set; } = 3;

    /// <summary>
    /// d: paths of one lookup that share no contact (S/Kademlia §4.4). 1 to 16; default 3. With 1, one liar near the start leads the whole
    /// lookup. Each further path costs requests. A table of fewer than k contacts allows only one.
    /// </summary>
    [Within(1, 16)]
    public int DisjointPaths { get; set; } = 3;

    /// <summary>
    /// b: a bucket that does not cover our id is still split while its depth is not a multiple of this
    /// (Kademlia §4.2). 1 to 16; default 5. A larger value makes tables larger and lookups shorter.
    /// </summary>
    [Within(1, 16)]
    public int SplitDepth { get; set; } = 5;

    /// <summary>Replacements kept per bucket (Kademlia §4.1). 0 to 1,000; default 100, five times k.</summary>
    [Within(0, 1_000)]
    public int ReplacementCacheSize { get; set; } = 100;

    /// <summary>
    /// Consecutive timeouts, after the retries, that drop a contact. 1 to 10; default 2. Those of the same five seconds count as one. With
    /// 1 a short outage empties the table.
    /// </summary>
    [Within(1, 10)]
    public int FailuresBeforeDrop { get; set; } = 2;

    /// <summary>How long a value lives after it was stored. 1 second to 365 days; default one week, as in the network's other nodes.</summary>
    [Within("00:00:01", "365.00:00:00")]
    public TimeSpan ValueTimeToLive { get; set; } = TimeSpan.FromDays(7);

    internal TimeSpan Bound(TimeSpan? life) => life < ValueTimeToLive ? life.Value : ValueTimeToLive;

    // The life that is sent along with a held value: a kept item begins its life anew each time.
    internal TimeSpan LifeOf(StoredValue held, DateTimeOffset now) => held.IsKept ? ValueTimeToLive : held.LifeLeft(now);

    /// <summary>A bucket without a lookup for this long is due for refresh (Kademlia §2.3). 1 minute to 7 days; default one hour.</summary>
    [Within("00:01:00", "7.00:00:00")]
    public TimeSpan BucketRefreshInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Values held for others are republished when no STORE of them came in for this long (Kademlia §2.5). 6 minutes to 7 days; default one
    /// hour. A longer one is, with a sixth of it, at most half of <see cref="ValueTimeToLive"/>. If it is much longer than nodes stay, values are lost with their
    /// holders.
    /// </summary>
    [Within("00:06:00", "7.00:00:00")]
    public TimeSpan RepublishInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The time after which a value of this node is published again, with a new full life (Kademlia §2.5). Half of
    /// <see cref="ValueTimeToLive"/> if that is shorter. 1 minute to 365 days; default 24 hours.
    /// </summary>
    [Within("00:01:00", "365.00:00:00")]
    public TimeSpan PublishInterval { get; set; } = TimeSpan.FromHours(24);
}
