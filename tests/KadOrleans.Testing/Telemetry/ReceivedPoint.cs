namespace KadOrleans.Testing.Telemetry;

/// <summary>One series of a metric.</summary>
/// <param name="Tags">Its tags.</param>
/// <param name="Value">Its value; of a histogram, how many values it has.</param>
public sealed record ReceivedPoint(IReadOnlyDictionary<string, string> Tags, double Value);
