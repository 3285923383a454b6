namespace KadOrleans.Core.Admission;

/// <summary>How many requests a node answers to whom.</summary>
public sealed record SourceLimits
{
    /// <summary>
    /// Requests of one source (<see cref="SourceNetwork.Of"/>). Default 2,000 per second, 4,000 at once: many times what
    /// a busy node sends, and far below what fills a core.
    /// </summary>
    public TokenRate PerSource { get; init; } = new(2_000, 4_000);

    /// <summary>
    /// Requests of one subnet (<see cref="SourceNetwork.SubnetOf"/>). Default 10,000 per second, 20,000 at once.
    /// </summary>
    public TokenRate PerSubnet { get; init; } = new(10_000, 20_000);

    /// <summary>
    /// Sources remembered at once, and as many subnets; about 100 bytes each. 16 or more; default 65,536. Too few, and
    /// under a flood of forged sources the strangers share too little.
    /// </summary>
    public int MaxTracked { get; init; } = 65_536;
}
