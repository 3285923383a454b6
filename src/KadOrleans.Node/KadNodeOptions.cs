namespace KadOrleans.Node;

/// <summary>A node's options. The defaults suit a node on a hostile network.</summary>
public sealed class KadNodeOptions
{
    /// <summary>40 hexadecimal digits; default: the saved id, or a random one. Another than the saved one is refused.</summary>
    public string? Id { get; set; }

    /// <summary>Nodes to join the network through, each as HOST:PORT. Default: none, the first node of a network.</summary>
    public IList<string> Bootstrap { get; } = [];

    /// <summary>CIDR ranges exempt from rates, byte budgets, quotas, subnet caps and address proofs; default: none.</summary>
    public IList<string> Trust { get; } = [];

    /// <summary>The constants of the paper: k, α and so on.</summary>
    public KademliaOptions Kademlia { get; set; } = new();

    /// <summary>How much this node holds for others.</summary>
    public StoreQuota Quota { get; set; } = new();

    /// <summary>The most keys that the process can hold: no changed limit may exceed it.</summary>
    internal int MostKeys { get; set; } = int.MaxValue;

    /// <summary>Bytes of values cached in memory: 0 to 2^50; default 64 MiB. The index takes 68 bytes a key more.</summary>
    [Within(0, 1L << 50)]
    public long CacheBytes { get; set; } = 64 << 20;

    /// <summary>How many requests per second are taken from one source and one subnet.</summary>
    public SourceLimits Limits { get; set; } = new();

    /// <summary>How many bytes of answers per second are sent to one endpoint and in all.</summary>
    public UploadLimits Upload { get; set; } = new();

    /// <summary>How many contacts of one subnet the routing table takes.</summary>
    public SubnetLimits Subnets { get; set; } = new();

    /// <summary>How the routing table is kept full by random walks. A client has none.</summary>
    public RandomWalkOptions RandomWalk { get; set; } = new();

    /// <summary>The interval of saving the state: 1 s to 1 day; default 600 s.</summary>
    [Within("00:00:01", "1.00:00:00")]
    public TimeSpan StateSaveInterval { get; set; } = TimeSpan.FromSeconds(600);

    /// <summary>How soon changed contacts are saved, which a killed node needs: 0.1 s to 1 day; default 10 s.</summary>
    [Within("00:00:00.1", "1.00:00:00")]
    public TimeSpan StateChangeSaveDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Values republished per second at most, each by k STOREs: 0.1 to 10,000; default 4,000. The rate is lower while less is due, while half
    /// of <see cref="UploadLimits.Total"/> is used, and while contacts are slower.
    /// </summary>
    [Within(0.1, 10_000)]
    public double RepublishRate { get; set; } = 4_000;

    /// <summary>
    /// Keys that are remembered and published again each day: 0 to 1,000,000; default 10,000, some 80 MB. A further value is
    /// stored, and its result says that it will not be published again.
    /// </summary>
    [Within(0, 1_000_000)]
    public int MaxPublications { get; set; } = 10_000;

    /// <summary>
    /// Whether a STORE without a write token may only store new keys and renew; default false. For networks of this program's nodes
    /// alone: those of Python show no token (ADR 39).
    /// </summary>
    public bool RequireTokens { get; set; }

    /// <summary>
    /// How many values of known authors all STOREs without a write token together may change in any hour: 0 to 1,000,000; default 60.
    /// What nodes without tokens stored, as those of Python, any of them may change.
    /// </summary>
    [Within(0, 1_000_000)]
    public int ChangesWithoutToken { get; set; } = 60;

    /// <summary>
    /// Whether this is a short-lived client, which stores nothing and answers PING without an id. It has the <see
    /// cref="DhtNode.ClientId"/>, whatever <see cref="Id"/> is. Default false.
    /// </summary>
    public bool ClientOnly { get; set; }

    /// <summary>
    /// Whether to trust every jump of the clock; default false. If false, values expire by the monotonic clock after a jump ahead,
    /// until both clocks agree for ten minutes. None is removed in the first ten minutes after a jump or the start.
    /// </summary>
    public bool TrustClock { get; set; }
}
