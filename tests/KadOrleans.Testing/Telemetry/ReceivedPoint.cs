namespace KadOrleans.Testing.Telemetry;

/// <summary>One series of a metric.</summary>
/// <param name="Tags">Its tags.</param>
/// <param name="Value">Its value; of a histogram, how many values it has.</param>
public sealed record ReceivedPoint(IReadOnlyDictionary<string, string> Tags, double Value)
{
    /// <summary>Of a histogram, the sum of its values.</summary>
    public double Sum { get; init; }

    /// <summary>Of a histogram, the upper bound of each bucket and the values in it, the unbounded last.</summary>
    public IReadOnlyList<(double Bound, double Count)> Buckets { get; init; } = [];
}
