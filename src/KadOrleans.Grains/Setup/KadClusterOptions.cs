namespace KadOrleans.Grains;

/// <summary>The options of a cluster's grains. All silos need the same, but for <see cref="Cache"/>.</summary>
public sealed class KadClusterOptions
{
    /// <summary>
    /// The number of leading bits of a key that choose its shard: 0 to 16. It is what a new cluster is made with, which may double its shards
    /// later. A silo refuses to start with a value that is neither the first nor the present one. With null, the default, it takes the number
    /// that the cluster has. A new one has 7, which makes 128 shards. With <c>Local</c> storage <c>kad-server</c> makes it with 4.
    /// </summary>
    public int? ShardBits { get; set; }

    /// <summary>
    /// The quota for values that the cluster holds for others. Each shard gets twice its share, so the cluster may hold up to twice the
    /// quota.
    /// </summary>
    public StoreQuota Quota { get; set; } = new();

    /// <summary>
    /// The bytes of values that this silo keeps in memory besides its index: 0 to the memory that the process may use, less 256 MiB.
    /// Default: an eighth of that memory. A value counts 256 bytes more than its content. Silos may differ.
    /// </summary>
    public long? Cache { get; set; }

    /// <summary>
    /// The constants of the paper, of tables and edges alike. Fixed when a cluster is created: a silo with other values refuses
    /// to start.
    /// </summary>
    public KademliaOptions Kademlia { get; set; } = new();

    /// <summary>How many contacts of one subnet a routing table takes.</summary>
    public SubnetLimits Subnets { get; set; } = new();

    /// <summary>Address ranges in CIDR form whose nodes are exempt from <see cref="Subnets"/>. Default: none.</summary>
    public IList<string> Trust { get; } = [];

    /// <summary>
    /// The time after which the first change of an active routing table is saved: 0.1 s to 10 s, default 10 s. It doubles with each save, up
    /// to <see cref="SaveInterval"/>.
    /// </summary>
    public TimeSpan SaveDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest time after which a changed routing table is saved: <see cref="SaveDelay"/> to 1 h, default 10 min. It bounds the
    /// observations lost with a silo. Observations never end, so each node id costs as many writes to grain storage: six an hour.
    /// </summary>
    public TimeSpan SaveInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The timeout of a call to grain storage: 0.1 s to 25 s, default 10 s. It must be below the cluster's response timeout, or callers
    /// give up first.
    /// </summary>
    public TimeSpan StorageTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The timeout of an edge's response, after which another edge is tried: 0.1 s to 9 s, default 8 s. Three edges are tried at most,
    /// which fits into the response timeout of 30 s.
    /// </summary>
    public TimeSpan EdgeTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// The time between crawls of the network by the edges: 0, which is none, or 10 min to 30 days; default 1 day. The first one begins at a
    /// random time within it.
    /// </summary>
    public TimeSpan CrawlInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Datagrams per second that all edges together send for a crawl: 1 to 10,000, default 200.</summary>
    public int CrawlRate { get; set; } = CrawlOptions.DefaultRate;

    /// <summary>
    /// The most endpoints that a crawl remembers: 1 to 2,000,000, default 200,000. The silo that ends a crawl needs some 800 bytes for each.
    /// </summary>
    public int CrawlMaxNodes { get; set; } = new CrawlOptions().MaxNodes;

    /// <summary>
    /// The secret of silos, edges and other clients, 64 hexadecimal digits of 32 random bytes. With it each connection to the gateway begins
    /// with a handshake by which both sides prove that they have it; a client proves it by <c>AddKadClient</c>. Null (default), and without a
    /// file: the gateway lets everybody in. If other machines reach it, clients may call <see cref="IDht"/> alone; on a loopback address every
    /// client may call every grain.
    /// </summary>
    public string? GatewayKey { get; set; }

    /// <summary>A file that has the <see cref="GatewayKey"/>, in its place. It is read when the silo starts. Default: null.</summary>
    public string? GatewayKeyFile { get; set; }

    /// <summary>
    /// A second key that is accepted as <see cref="GatewayKey"/> is. Set it while the key is changed: to the new key until all clients have that
    /// one. Default: null.
    /// </summary>
    public string? SecondGatewayKey { get; set; }

    /// <summary>
    /// The secret of silos alone, 64 hexadecimal digits of 32 random bytes other than those of <see cref="GatewayKey"/>. With it each connection
    /// between silos begins with a handshake, and each call of a silo has a proof that a silo makes it. Whoever has it may do everything. Null
    /// (default), and without a file: the port for silos lets everybody in.
    /// </summary>
    public string? SiloKey { get; set; }

    /// <summary>A file that has the <see cref="SiloKey"/>, in its place. It is read when the silo starts. Default: null.</summary>
    public string? SiloKeyFile { get; set; }

    /// <summary>
    /// A second key that is accepted as <see cref="SiloKey"/> is, and that this silo does not prove itself by. Set it while the key is changed: to
    /// the new key until all silos accept that one, then to the old one until all prove themselves by the new. Default: null.
    /// </summary>
    public string? SecondSiloKey { get; set; }

    /// <summary>
    /// The names of assemblies whose grain interfaces clients may call besides <see cref="IDht"/>, for a silo that has grains of its own.
    /// Default: none. Methods of Orleans that its client does not need stay closed, unless their assembly is named.
    /// </summary>
    public IList<string> OpenAssemblies { get; } = [];

    /// <summary>The most keys that a cluster of one silo can hold: no changed limit may exceed it.</summary>
    internal int MostKeys { get; set; } = int.MaxValue;

    /// <summary>The bytes of memory that a silo without values needs.</summary>
    internal const long EmptySiloBytes = 256 << 20;

    /// <summary>The bits of a new cluster if <see cref="ShardBits"/> is not set.</summary>
    internal int DefaultShardBits { get; set; } = GrainKeys.DefaultShardBits;

    internal static long DefaultCache => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8;

    /// <summary>What this silo asks of the cluster. Without <see cref="ShardBits"/> it asks for <paramref name="unsetBits"/>.</summary>
    internal ClusterSettings SettingsOr(int unsetBits) => new(ShardBits ?? unsetBits) { Kademlia = Kademlia };

    /// <summary>The constants with the cluster's number of shards.</summary>
    internal ClusterSettings SettingsWith(ShardLayout layout) => new(layout.FirstBits)
    {
        Kademlia = Kademlia,
        BitsInUse = layout.Bits == layout.FirstBits ? null : layout.Bits,
    };
}

/// <summary>Finds options out of their bounds. Each problem is one sentence: the setting, its value, what is allowed.</summary>
internal sealed class KadClusterOptionsValidator : IValidateOptions<KadClusterOptions>
{
    private static readonly TimeSpan ShortestCrawlInterval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestCrawlInterval = TimeSpan.FromDays(30);
    private static readonly TimeSpan Tenth = TimeSpan.FromMilliseconds(100);

    public ValidateOptionsResult Validate(string? name, KadClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var checks = new OptionChecks("Kad:Cluster:", ':');
        checks.Within("ShardBits", options.ShardBits ?? options.DefaultShardBits, GrainKeys.MinShardBits, GrainKeys.MaxShardBits);
        checks.Check(options.Quota);
        checks.Within("Cache", options.Cache ?? 0, 0, Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - KadClusterOptions.EmptySiloBytes));
        checks.Check(options.Kademlia);
        checks.Check(options.Subnets);
        checks.Within("SaveDelay", options.SaveDelay, Tenth, TimeSpan.FromSeconds(10));
        checks.Within("SaveInterval", options.SaveInterval, options.SaveDelay, TimeSpan.FromHours(1));
        checks.Within("StorageTimeout", options.StorageTimeout, Tenth, TimeSpan.FromSeconds(25));
        checks.Within("EdgeTimeout", options.EdgeTimeout, Tenth, TimeSpan.FromSeconds(9));
        if (options.CrawlInterval != TimeSpan.Zero && (options.CrawlInterval < ShortestCrawlInterval || options.CrawlInterval > LongestCrawlInterval))
        {
            checks.Problems.Add($"Kad:Cluster:CrawlInterval is {options.CrawlInterval:c}; 00:00:00, or {ShortestCrawlInterval:c} to {LongestCrawlInterval:c} is allowed.");
        }

        checks.Within("CrawlRate", options.CrawlRate, 1, CrawlOptions.HighestRate);
        checks.Within("CrawlMaxNodes", options.CrawlMaxNodes, 1, CrawlOptions.HighestMaxNodes);
        checks.Problems.AddRange(ClusterKeys.FindProblems(options));
        checks.CheckRanges(options.Trust);
        return checks.Problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(checks.Problems);
    }
}
