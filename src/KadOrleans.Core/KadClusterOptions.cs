namespace KadOrleans.Core;

/// <summary>The options of a cluster's grains. All silos need the same, but for <see cref="Cache"/>. KadOrleans.Grains follows them.</summary>
public sealed class KadClusterOptions
{
    /// <summary>The most bits of a key that choose its shard.</summary>
    internal const int MostShardBits = 16;

    /// <summary>The bits of a new cluster that says nothing.</summary>
    internal const int UsualShardBits = 7;

    /// <summary>
    /// The number of leading bits of a key that choose its shard: 0 to 16. It is what a new cluster is made with, which may double its shards
    /// later. A silo refuses to start with a value that is neither the first nor the present one. With null, the default, it takes the number
    /// that the cluster has. A new one has 7, which makes 128 shards. With <c>Local</c> storage <c>kad-server</c> makes it with 4.
    /// </summary>
    [Within(0, MostShardBits)]
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
    [Within("00:00:00.1", "00:00:10")]
    public TimeSpan SaveDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest time after which a changed routing table is saved: <see cref="SaveDelay"/> to 1 h, default 10 min. It bounds the
    /// observations lost with a silo. Observations never end, so each node id costs as many writes to grain storage: six an hour.
    /// </summary>
    [Within("00:00:00.1", "01:00:00")]
    public TimeSpan SaveInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The timeout of a call to grain storage: 0.1 s to 25 s, default 10 s. It must be below the cluster's response timeout, or callers
    /// give up first.
    /// </summary>
    [Within("00:00:00.1", "00:00:25")]
    public TimeSpan StorageTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The timeout of an edge's response, after which another edge is tried: 0.1 s to 9 s, default 8 s. Three edges are tried at most,
    /// which fits into the response timeout of 30 s.
    /// </summary>
    [Within("00:00:00.1", "00:00:09")]
    public TimeSpan EdgeTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// The time between crawls of the network by the edges: 0, which is none, or 10 min to 30 days; default 1 day. The first one begins at a
    /// random time within it.
    /// </summary>
    [Within("00:10:00", "30.00:00:00", OrZero = true)]
    public TimeSpan CrawlInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Datagrams per second that all edges together send for a crawl: 1 to 10,000, default 200.</summary>
    [Within(1, CrawlOptions.HighestRate)]
    public int CrawlRate { get; set; } = CrawlOptions.DefaultRate;

    /// <summary>
    /// The most endpoints that a crawl remembers: 1 to 2,000,000, default 200,000. The silo that ends a crawl needs some 800 bytes for each.
    /// </summary>
    [Within(1, CrawlOptions.HighestMaxNodes)]
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
    /// (default), and without a file: the port for silos lets everybody in, which is logged as a warning if there is a <see cref="GatewayKey"/>.
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
    internal int DefaultShardBits { get; set; } = UsualShardBits;

    /// <summary>The bytes of <see cref="Cache"/> if it is not set.</summary>
    internal static long DefaultCache => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8;
}
