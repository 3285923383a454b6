using KadOrleans.Node.RandomWalks;

namespace KadOrleans.Node;

/// <summary>A node's options. The defaults suit a node on a hostile network.</summary>
public sealed class KadNodeOptions
{
    /// <summary>
    /// The node's id, 40 hexadecimal digits. Default: the saved one, or a random one that is then saved. An id that
    /// differs from the saved one is refused: contacts know this node by the other.
    /// </summary>
    public string? Id { get; set; }

    /// <summary>Nodes to join the network through, each as HOST:PORT. Default: none, the first node of a network.</summary>
    public IList<string> Bootstrap { get; } = [];

    /// <summary>
    /// Address ranges in CIDR form whose nodes are exempt from rate limits, byte budgets, quotas, subnet caps and proofs of their address.
    /// Default: none.
    /// </summary>
    public IList<string> Trust { get; } = [];

    /// <summary>The constants of the paper: k, α and so on.</summary>
    public KademliaOptions Kademlia { get; set; } = new();

    /// <summary>How much this node holds for others.</summary>
    public StoreQuota Quota { get; set; } = new();

    /// <summary>The most keys that the process can hold: no changed limit may exceed it.</summary>
    internal int MostKeys { get; set; } = int.MaxValue;

    /// <summary>
    /// Bytes of values in memory, where values are on storage: 0 to 2^50; default 64 MiB. The index of the keys is beside it, 64 bytes a key.
    /// </summary>
    public long CacheBytes { get; set; } = 64 << 20;

    /// <summary>How many requests per second are taken from one source and one subnet.</summary>
    public SourceLimits Limits { get; set; } = new();

    /// <summary>How many bytes of answers per second are sent to one endpoint and in all.</summary>
    public UploadLimits Upload { get; set; } = new();

    /// <summary>How many contacts of one subnet the routing table takes.</summary>
    public SubnetLimits Subnets { get; set; } = new();

    /// <summary>How the routing table is kept full by random walks. A client has none.</summary>
    public RandomWalkOptions RandomWalk { get; set; } = new();

    /// <summary>
    /// The interval of saving the state: 1 s to 1 day, default 600 s. Changes are saved sooner, see <see cref="StateChangeSaveDelay"/>.
    /// </summary>
    public TimeSpan StateSaveInterval { get; set; } = TimeSpan.FromSeconds(600);

    /// <summary>
    /// The time after which changed contacts are saved, so that a killed node restarts with them: 0.1 s to 1 day, default 10 s.
    /// </summary>
    public TimeSpan StateChangeSaveDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The most values republished per second, each by a lookup and k STOREs: 0.1 to 1,000, default 400, which is 1.4 million an hour. The
    /// rate is lower while less is due, or while half of <see cref="UploadLimits.Total"/> is used. A node that holds more than it can send
    /// within <see cref="KademliaOptions.RepublishInterval"/> sends first what waited longest.
    /// </summary>
    public double RepublishRate { get; set; } = 400;

    /// <summary>
    /// The most keys that this node remembers and publishes again each day: 0 to 1,000,000, default 10,000, which is at most some 80 MB. A
    /// further value is stored, and its result says that it will not be published again.
    /// </summary>
    public int MaxPublications { get; set; } = 10_000;

    /// <summary>
    /// Whether this is a short-lived client. It sends requests, answers PING without an id, and stores nothing, so others do not take it
    /// for a node. All clients ask under one id, <see cref="DhtNode.ClientId"/>, and
    /// <see cref="Id"/> is ignored. Default false.
    /// </summary>
    public bool ClientOnly { get; set; }

    /// <summary>
    /// Whether to trust every jump of the system's clock. If false (default), values do not expire for ten minutes after a jump, and none
    /// is removed in the first ten minutes after the start.
    /// </summary>
    public bool TrustClock { get; set; }
}
