namespace KadOrleans.Core.Admission;

/// <summary>How many requests a node answers to whom.</summary>
public sealed record SourceLimits
{
    /// <summary>
    /// Requests of one source (<see cref="SourceNetwork.Of"/>). Default 5,000 per second, 10,000 at once: more than
    /// the network's other nodes can send, and far below what fills a core. A node that is refused takes us for dead,
    /// so too low a limit costs contacts.
    /// </summary>
    public TokenRate PerSource { get; set; } = new(5_000, 10_000);

    /// <summary>
    /// Requests of one subnet (<see cref="SourceNetwork.SubnetOf"/>). Default 20,000 per second, 40,000 at once.
    /// </summary>
    public TokenRate PerSubnet { get; set; } = new(20_000, 40_000);

    /// <summary>
    /// Sources remembered at once, and as many subnets; about 100 bytes each. 16 or more; default 65,536. Too few, and
    /// under a flood of forged sources the strangers share too little.
    /// </summary>
    public int MaxTracked { get; set; } = 65_536;
}
