namespace KadOrleans.Lab;

/// <summary>A network that keeps values alive; whoever makes it has checked the bounds. Shares are 0 to 1.</summary>
public sealed record UpkeepSettings
{
    /// <summary>Nodes at the start, the silent included. 2 or more.</summary>
    public required int Nodes { get; init; }

    /// <summary>Values kept alive. With 0 the traffic is what the network has without any.</summary>
    public required int Values { get; init; }

    /// <summary>Share of the nodes that are silent from the start, though they are in the tables of others.</summary>
    public double Dead { get; init; }

    /// <summary>Share of the nodes that leave without a word, and are replaced by new ones, each hour.</summary>
    public double Churn { get; init; }

    /// <summary>The length of each value: 1 or more.</summary>
    public int Bytes { get; init; } = 64;

    /// <summary>Bytes that each node uploads a second, <see cref="UploadLimits.Total"/>.</summary>
    public long Upload { get; init; }

    /// <summary>How long the network runs; a run of what one node sends ends once all has been sent.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromHours(3);

    public int Seed { get; init; } = 1;

    /// <summary>Whether the values are publications of one node, all due from the start, that nobody holds.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Whether one node alone holds the values, which are all due from the start, and of whose k nearest it is one.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Whether one node has all the values: the run ends once it has sent them.</summary>
    internal bool IsOfOne => IsOwn || IsAlone;

    /// <summary>Over how much of the time from the start on values become due: zero to the interval of republishing.</summary>
    public TimeSpan Spread { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How the network is simulated. Holders of own publications republish nothing: the one node's sending is measured.</summary>
    internal SimulationSettings Network => new()
    {
        Nodes = Nodes,
        Seed = Seed,
        Dead = Dead,
        Churn = Churn,
        Duration = Duration,
        KeepsValuesAlone = true,
        Upload = new UploadLimits { Total = Upload },
        MaxPublications = Math.Max(1, Values),

        // All then come from one source.
        Quota = IsAlone ? StoreQuota.Unlimited : new StoreQuota(),
        Kademlia = new KademliaOptions { RepublishInterval = IsOwn ? TimeSpan.FromDays(3) : new KademliaOptions().RepublishInterval },
    };
}
