namespace KadOrleans.Simulation.Costs;

/// <summary>What a cluster is asked to do, on average over a month.</summary>
public sealed record ClusterLoad
{
    /// <summary>New or changed values a second. A value that is held already costs one read for each group commit.</summary>
    public double PutsPerSecond { get; init; }

    /// <summary>Values asked for a second. They are answered from memory.</summary>
    public double GetsPerSecond { get; init; }

    /// <summary>The bytes of a value.</summary>
    public int ValueBytes { get; init; } = 64;

    /// <summary>The keys held.</summary>
    public long Keys { get; init; }

    /// <summary>The node ids of all edges.</summary>
    public int NodeIds { get; init; }

    /// <summary>The edges.</summary>
    public int Edges { get; init; }

    /// <summary>The shards: 2 to the power of <c>Kad:Cluster:ShardBits</c>.</summary>
    public int Shards { get; init; } = 128;

    /// <summary>The silos. 0: as many as the memory needs.</summary>
    public int Silos { get; init; }

    /// <summary>The longest time after which a changed table is saved, <c>Kad:Cluster:SaveInterval</c>.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often in a month each silo and each edge is started, for releases and updates of the machines.</summary>
    public double StartsPerMonth { get; init; } = 4;
}
