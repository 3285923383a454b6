namespace KadOrleans.Server;

/// <summary>How a <see cref="GrainKeyStore"/> batches, waits and gives up. The defaults suit an edge.</summary>
internal sealed record GrainKeyStoreOptions
{
    /// <summary>
    /// The most puts, or keys of gets, in one grain call, as a shard takes them. 1 to 1,024; default 1,024, which is at most 8 MiB.
    /// </summary>
    public int MaxBatch { get; init; } = 1_024;

    /// <summary>How many calls of a kind may be pending at a silo. More make smaller calls. 1 to 1,024; default 2.</summary>
    public int DeskCalls { get; init; } = 2;

    /// <summary>
    /// For each silo but the first, the shortest time between the beginnings of two calls to a silo. Default zero; an edge has 2 ms.
    /// </summary>
    public TimeSpan PauseForSilo { get; init; }

    /// <summary>How many requests may wait in one channel. Further ones fail at once. Default 4,096.</summary>
    public int ChannelQueue { get; init; } = 4_096;

    /// <summary>Whether the store runs within a silo. Default false: it is an Orleans client's.</summary>
    public bool IsInSilo { get; init; }

    /// <summary>
    /// How many puts and gets may wait in all channels. Further ones fail at once. Default 16,384, which is at most 128 MiB of values.
    /// </summary>
    public int TotalQueue { get; init; } = 16_384;

    /// <summary>
    /// The timeout of a put or a call to one shard, retries included. Default 4 s: the remote node's own timeout is 5 s, and then it stores
    /// the value elsewhere.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a shard is called itself after its desk did not respond for it.</summary>
    public static readonly TimeSpan ApartFor = TimeSpan.FromSeconds(5);

    /// <summary>The timeout of a get, retries included. A shard that moves to another silo is back sooner.</summary>
    public static readonly TimeSpan GetTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>The longest pause between tries: so long after its silo's death is known a shard may stay unasked.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How long a remote node's FIND_VALUE waits for a get. Default 0.8 s: then the remote node gets contacts instead and looks elsewhere,
    /// also one that waits no longer than 1 s. The get itself goes on to its timeout, and its result is kept for the next FIND_VALUE.
    /// </summary>
    public TimeSpan FindTimeout { get; init; } = TimeSpan.FromSeconds(0.8);

    /// <summary>
    /// The requests of a call to a desk without a response for this long go to their shards too. Default 400 ms: a healthy silo responds
    /// within 250 ms, whatever the shards do.
    /// </summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The age at which a usage is read again. Default 5 s; with zero it is read each time.</summary>
    public TimeSpan UsageMaxAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Keys per call of a scan. 1 to 1,024; default 256, 2 MiB at worst.</summary>
    public int ScanPage { get; init; } = 256;

    /// <summary>
    /// The greatest age of a shard's news by which gets are answered without a call. A value stored elsewhere is found after this time at the
    /// latest. Default zero: each get calls its shard.
    /// </summary>
    public TimeSpan MaxStaleness { get; init; }

    /// <summary>
    /// The greatest age of a shard's news by which FIND_VALUE is answered while the shard does not respond. Nothing else is. Below
    /// <see cref="MaxStaleness"/> it changes nothing. Default zero.
    /// </summary>
    public TimeSpan MaxOutageStaleness { get; init; }

    /// <summary>
    /// The most bytes of filters of shards, 1.5 to 2.3 for each key that the cluster holds. Shards beyond are asked for each key. Default 64
    /// MiB.
    /// </summary>
    public long MaxFilterBytes { get; init; } = 64L << 20;
}
