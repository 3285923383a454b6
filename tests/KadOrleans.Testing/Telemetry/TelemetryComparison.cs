namespace KadOrleans.Testing.Telemetry;

/// <summary>What a collector received against what docs/telemetry.md says.</summary>
public sealed class TelemetryComparison(OtlpCollector collector, params string[] from)
{
    private const string Meter = "KadOrleans";

    private readonly IReadOnlyList<DocumentedInstrument> _documented =
        [.. DocumentedInstrument.ReadAll().Where(i => i.From.Intersect(from).Any())];

    /// <summary>Waits for a series of each documented instrument.</summary>
    public Task AllArriveAsync() => collector.UntilAsync(
        () => !Missing().Any(), () => $"Did not arrive: {string.Join(", ", Missing())}");

    /// <summary>What differs from the documents, a sentence for each: name, kind, unit, tags.</summary>
    public IReadOnlyList<string> Differences() => [.. Ours().SelectMany(Differences).Distinct()];

    private IEnumerable<ReceivedMetric> Ours() => collector.Metrics.Where(m => m.Meter == Meter);

    private IEnumerable<string> Missing() => _documented.Select(i => i.Name).Except(Ours().Select(m => m.Name));

    private IEnumerable<string> Differences(ReceivedMetric metric)
    {
        if (_documented.FirstOrDefault(i => i.Name == metric.Name) is not { } documented)
        {
            yield return $"{metric.Name} of {metric.Service} is not documented.";
            yield break;
        }

        if ((metric.Kind, metric.Unit) != (documented.Kind, documented.Unit))
        {
            yield return $"{metric.Name} is a {metric.Kind} in {metric.Unit}, not a {documented.Kind} in {documented.Unit}.";
        }

        foreach (var point in metric.Points.Where(p => !p.Tags.Keys.Order().SequenceEqual(documented.Tags.Order())))
        {
            yield return $"{metric.Name} has the tags {string.Join(", ", point.Tags.Keys)}, not {string.Join(", ", documented.Tags)}.";
        }
    }
}
