namespace KadOrleans.Lab;

/// <summary>
/// What a simulation came to. The same settings give the same report. Lookups whose node left meanwhile are not judged. Exact is
/// the share of those that found exactly the nearest k; where liars are among the nearest, they take places of the k.
/// </summary>
internal sealed record SimulationReport(
    SimulationSettings Settings,
    TimeSpan Simulated,
    int LiveNodes,
    int Lookups,
    double Success,
    double Exact,
    Distribution Hops,
    Distribution Requests,
    Distribution Seconds,
    NetworkSizeEstimate? Size,
    ValueFate Values,
    TableFill Tables,
    IReadOnlyDictionary<RequestKind, TrafficCount> Traffic,
    TrafficCount OtherTraffic)
{
    public TrafficCount TotalTraffic => Traffic.Values.Append(OtherTraffic).Aggregate((a, b) => a + b);

    /// <summary>A count per node of <see cref="SimulationSettings.Nodes"/> and hour of <see cref="Simulated"/>.</summary>
    public double PerNodeAndHour(long count) =>
        Simulated > TimeSpan.Zero ? count / (Settings.Nodes * Simulated.TotalHours) : 0;
}

/// <summary>How a number is spread; all 0 for no numbers. Percentiles are the least number that so many do not exceed.</summary>
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
