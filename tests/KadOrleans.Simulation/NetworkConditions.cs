namespace KadOrleans.Simulation;

/// <summary>How a simulated network treats datagrams.</summary>
public sealed record NetworkConditions
{
    /// <summary>Share of datagrams that are lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Share of datagrams that arrive twice, 0 to 1.</summary>
    public double Duplication { get; init; }

    /// <summary>The shortest way from one node to another.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest; delays are drawn evenly, so datagrams overtake each other.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(60);
}
