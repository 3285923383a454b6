namespace KadOrleans.Server;

/// <summary>How a <see cref="GrainKeyStore"/> batches, waits and gives up. The defaults suit an edge.</summary>
internal sealed record GrainKeyStoreOptions
{
    /// <summary>How long a shard is called itself after its desk did not respond for it.</summary>
    public static readonly TimeSpan ApartFor = TimeSpan.FromSeconds(5);

    /// <summary>The timeout of a get, retries included. A shard that moves to another silo is back sooner.</summary>
    public static readonly TimeSpan GetTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// How long a remote node's FIND_VALUE waits for a get. Then the remote node gets contacts instead and looks elsewhere, also one that waits
    /// no longer than 1 s. The get itself goes on to its timeout, and its result is kept for the next FIND_VALUE.
    /// </summary>
    public static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(0.8);

    /// <summary>The longest pause between tries: so long after its silo's death is known a shard may stay unasked.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The most puts, or keys of gets, in one grain call. A shard takes 1,024, which are at most 8 MiB.</summary>
    public int MaxBatch { get; init; } = 1_024;

    /// <summary>How many calls of a kind may be pending at a silo, at least 1. More make smaller calls.</summary>
    public int DeskCalls { get; init; } = 2;

    /// <summary>The shortest time between two calls to a silo, for each silo but the first. An edge has 2 ms.</summary>
    public TimeSpan PauseForSilo { get; init; }

    /// <summary>How many requests may wait in one channel. Further ones fail at once.</summary>
    public int ChannelQueue { get; init; } = 4_096;

    /// <summary>How many puts and gets may wait in all, at most 128 MiB of values. Further ones fail at once.</summary>
    public int TotalQueue { get; init; } = 16_384;

    /// <summary>Whether the store runs within a silo, and not in an Orleans client.</summary>
    public bool IsInSilo { get; init; }

    /// <summary>The timeout of a put or a shard's call, with retries: less than the 5 s of a remote node.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Without a desk's response, requests then go to their shards too. A healthy silo takes 250 ms.</summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The age at which a usage is read again. With zero it is read each time.</summary>
    public TimeSpan UsageMaxAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Keys per call of a scan, at most 1,024. The default is 2 MiB at worst.</summary>
    public int ScanPage { get; init; } = 256;

    /// <summary>
    /// The greatest age of a shard's news by which gets are answered without a call. A value stored elsewhere is found after this time at the
    /// latest. With zero, the default, each get calls its shard.
    /// </summary>
    public TimeSpan MaxStaleness { get; init; }

    /// <summary>
    /// The greatest age of a shard's news by which FIND_VALUE, and nothing else, is answered while the shard does not respond. Below
    /// <see cref="MaxStaleness"/> it changes nothing.
    /// </summary>
    public TimeSpan MaxOutageStaleness { get; init; }

    /// <summary>The most bytes of filters, 1.5 to 2.3 for a key. Shards beyond are asked for each key.</summary>
    public long MaxFilterBytes { get; init; } = 64L << 20;
}
