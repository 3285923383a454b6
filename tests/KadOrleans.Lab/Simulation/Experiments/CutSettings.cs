namespace KadOrleans.Lab;

/// <summary>A network that is cut in two for a while; whoever makes it has checked the bounds.</summary>
public sealed record CutSettings
{
    /// <summary>Nodes, each in a subnet of its own: 2 or more.</summary>
    public required int Nodes { get; init; }

    /// <summary>Nodes that are cut off together: 1 to <see cref="Nodes"/> - 1. 0: the same run without a cut.</summary>
    public required int CutOff { get; init; }

    public required TimeSpan Length { get; init; }

    /// <summary>Whether those nodes are killed and do not come back: what former contacts cost a network that goes on.</summary>
    public bool Leaves { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>Whether each node is configured with three nodes that ran before it; else they serve its first join alone.</summary>
    public bool HasBootstrap { get; init; }

    /// <summary>How long the network runs before the cut.</summary>
    public TimeSpan Before { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How long after the cut's end lookups and values are judged.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Lookups judged after that, and as many in each minute until then.</summary>
    public int Lookups { get; init; } = 200;

    /// <summary>Values set in each part during the cut, and as many keys that both parts set.</summary>
    public int Values { get; init; } = 20;

    public NetworkConditions Network { get; init; } = new();

    public RandomWalkOptions RandomWalk { get; init; } = new();
}
