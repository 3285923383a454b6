namespace KadOrleans.Simulation.Experiments;

/// <summary>
/// What became of the values of a simulation. A value's life ends its time to live after its publisher's last STORE of it
/// went out. What happens within <see cref="Tolerance"/> of that end counts neither for the value nor against it.
/// </summary>
public sealed record ValueFate
{
    /// <summary>
    /// Each republication takes a copy's life down to whole seconds and adds the delay of a datagram: copies end together,
    /// but not to the second.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    /// <summary>Values whose set succeeded.</summary>
    public required int Set { get; init; }

    /// <summary>Looks at one value each: a random node looks it up, leaving no copy behind, and its holders are counted.</summary>
    public required int Looks { get; init; }

    /// <summary>Looks at living values that did not find them.</summary>
    public required int Misses { get; init; }

    /// <summary>Living values that no node held at some look.</summary>
    public required int Lost { get; init; }

    /// <summary>Nodes that answer and hold a living value, over all looks.</summary>
    public required Distribution Holders { get; init; }

    /// <summary>The fewest of them at any look; 0 if there was none.</summary>
    public required int FewestHolders { get; init; }

    /// <summary>Values whose life was over when they were looked at last.</summary>
    public required int Ended { get; init; }

    /// <summary>Those of them that a node still held or found when their life was over.</summary>
    public required int Outlived { get; init; }

    /// <summary>The least time by which the last copy of a living value was to outlast the value's life; negative where it was to end before.</summary>
    public required TimeSpan EarliestEnd { get; init; }

    /// <summary>The most time by which any copy was to outlast the value's life.</summary>
    public required TimeSpan LatestEnd { get; init; }

    /// <summary>Times that a holder sent a value out again to the k nearest.</summary>
    public required long Republished { get; init; }
}
