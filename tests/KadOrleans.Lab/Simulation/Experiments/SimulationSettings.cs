namespace KadOrleans.Lab;

/// <summary>What is simulated. Shares are 0 to 1; whoever makes it has checked the bounds.</summary>
public sealed record SimulationSettings
{
    public const int AlwaysJoin = 2_000;

    /// <summary>Nodes at the start, the silent and the lying included. 1 or more.</summary>
    public required int Nodes { get; init; }

    public int Seed { get; init; } = 1;

    public NetworkConditions Network { get; init; } = new();

    public KademliaOptions Kademlia { get; init; } = new();

    /// <summary>Share of the nodes that leave without a word, and are replaced by new ones, each hour.</summary>
    public double Churn { get; init; }

    /// <summary>Share of the nodes that are silent from the start, though they are in the tables of others.</summary>
    public double Dead { get; init; }

    public double Liars { get; init; }

    public int Lookups { get; init; }

    /// <summary>
    /// For how long the network runs, with everything that nodes do by themselves. Zero: as long as the lookups take, one
    /// after another, and nodes do nothing by themselves.
    /// </summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Values set, each by a random node: evenly over <see cref="Duration"/>, or at the start if that is zero.</summary>
    public int Values { get; init; }

    /// <summary>How often all values are looked at while the network runs; above zero. They are in any case at the end.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How nodes walk at random. Counts only with <see cref="Duration"/>.</summary>
    public RandomWalkOptions RandomWalk { get; init; } = new();

    /// <summary>Whether nodes are configured with the nodes that they join through; else these serve the first join alone.</summary>
    internal bool KeepsBootstrap { get; init; } = true;

    /// <summary>
    /// Whether nodes keep values alive and do nothing else by themselves: no walks, no refresh of buckets, no search for former contacts.
    /// Counts only with <see cref="Duration"/>.
    /// </summary>
    internal bool KeepsValuesAlone { get; init; }

    /// <summary>Bounds of what each node uploads.</summary>
    internal UploadLimits Upload { get; init; } = new();

    /// <summary>How many publications a node remembers.</summary>
    internal int MaxPublications { get; init; } = new KadNodeOptions().MaxPublications;

    /// <summary>Bounds of what each node stores.</summary>
    internal StoreQuota Quota { get; init; } = new();

    internal bool BuildsByJoins => Nodes <= AlwaysJoin;

    internal bool RunsMaintenance => Duration > TimeSpan.Zero;
}
