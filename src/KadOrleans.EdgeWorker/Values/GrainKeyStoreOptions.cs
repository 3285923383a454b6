namespace KadOrleans.EdgeWorker.Values;

/// <summary>How a <see cref="GrainKeyStore"/> batches, waits and gives up. The defaults suit an edge.</summary>
internal sealed record GrainKeyStoreOptions
{
    /// <summary>The most puts, or keys of gets, in one grain call: what a shard takes. 1 to 1,024; default 1,024, 8 MiB at worst.</summary>
    public int MaxBatch { get; init; } = 1_024;

    /// <summary>
    /// Lanes for puts, and as many for gets; each takes a share of the shards and has one call under way. More lanes make
    /// smaller calls. 1 to 1,024; default 8.
    /// </summary>
    public int Lanes { get; init; } = 8;

    /// <summary>Puts, and apart from them gets, that may wait in one lane; beyond it they fail at once. Default 4,096.</summary>
    public int LaneQueue { get; init; } = 4_096;

    /// <summary>How long a shard that did not answer in time is asked apart from the others. Default 5 s.</summary>
    public TimeSpan ApartFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Puts and gets that may wait in all; beyond it they fail at once. Default 16,384, 128 MiB of values at worst.</summary>
    public int TotalQueue { get; init; } = 16_384;

    /// <summary>
    /// How long a put, or a call to one shard, may take in all. Default 4 s: the asker's timeout is 5 s, and a value that it was told
    /// nothing of in that time it stores elsewhere.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long a get may take in all. Default 2.5 s: then the asker gets contacts, which is a response too, and
    /// looks elsewhere. A shard that moves in good order is there again sooner.
    /// </summary>
    public TimeSpan GetTimeout { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// A call that has no answer after this long is made through another silo as well. Default 400 ms: a silo that works answers
    /// within 250 ms, whatever the shards do.
    /// </summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a lane's calls go through one silo, if that answers. Default 1 min.</summary>
    public TimeSpan DeskFor { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause before a failed call is tried again; it doubles up to <see cref="LongestBackOff"/>. Default 50 ms.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause between tries. Default 1 s.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How old a usage may be before shards are asked again. Default 5 s; zero asks each time.</summary>
    public TimeSpan UsageMaxAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Shards asked for their usage at a time, those not asked for longest first. Default 64.</summary>
    public int UsageShards { get; init; } = 64;

    /// <summary>Keys per call of a scan. 1 to 1,024; default 256, 2 MiB at worst.</summary>
    public int ScanPage { get; init; } = 256;

    /// <summary>Shards that a scan, or another call to many shards, asks at once. Default 8.</summary>
    public int Parallelism { get; init; } = 8;
}
