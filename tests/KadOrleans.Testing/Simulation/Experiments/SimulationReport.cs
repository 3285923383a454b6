namespace KadOrleans.Testing;

/// <summary>What a simulation came to. The same settings give the same report.</summary>
internal sealed record SimulationReport
{
    public required SimulationSettings Settings { get; init; }

    public required TimeSpan Simulated { get; init; }

    public required int LiveNodes { get; init; }

    /// <summary>Lookups that were judged: not those whose node left meanwhile.</summary>
    public required int Lookups { get; init; }

    public required double Success { get; init; }

    /// <summary>Share of them that found exactly the nearest k; where liars are among the nearest, they take places of the k.</summary>
    public required double Exact { get; init; }

    public required Distribution Hops { get; init; }

    public required Distribution Requests { get; init; }

    public required Distribution Seconds { get; init; }

    /// <summary>How many nodes there are by the last lookups; null after too few.</summary>
    public required NetworkSizeEstimate? Size { get; init; }

    public required ValueFate Values { get; init; }

    public required TableFill Tables { get; init; }

    /// <summary>What was sent during <see cref="Simulated"/>, by type of request.</summary>
    public required IReadOnlyDictionary<RequestKind, TrafficCount> Traffic { get; init; }

    public required TrafficCount OtherTraffic { get; init; }

    public TrafficCount TotalTraffic => Traffic.Values.Append(OtherTraffic).Aggregate((a, b) => a + b);

    /// <summary>A count per node of <see cref="SimulationSettings.Nodes"/> and hour of <see cref="Simulated"/>.</summary>
    public double PerNodeAndHour(long count) =>
        Simulated > TimeSpan.Zero ? count / (Settings.Nodes * Simulated.TotalHours) : 0;
}

/// <summary>How a number is spread; all 0 for no numbers.</summary>
/// <param name="Mean">Their mean.</param>
/// <param name="P50">The median: the least number that half of them do not exceed.</param>
/// <param name="P99">The same for 99 of 100.</param>
/// <param name="Max">The greatest.</param>
public readonly record struct Distribution(double Mean, double P50, double P99, double Max)
{
    public static Distribution Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return sorted.Length == 0
            ? default
            : new Distribution(sorted.Average(), At(sorted, 0.5), At(sorted, 0.99), sorted[^1]);
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
}
