namespace KadOrleans.Lab;

/// <summary>What a collector received against what docs/telemetry.md says.</summary>
public sealed class TelemetryComparison(OtlpCollector collector, params string[] from)
{
    private const string Meter = "KadOrleans";

    private readonly IReadOnlyList<DocumentedInstrument> _documented =
        [.. DocumentedInstrument.ReadAll().Where(i => i.From.Intersect(from).Any())];

    public Task AllArriveAsync() => Eventually.BecomesAsync(
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

        foreach (var point in metric.Points.Where(p => !documented.Allows(p.Tags.Keys)))
        {
            yield return $"{metric.Name} has the tags {string.Join(", ", point.Tags.Keys)}, not {string.Join(", ", documented.Tags)}.";
        }
    }
}

/// <summary>A row of the table of docs/telemetry.md, with the processes that have the instrument: node, edge, silo.</summary>
public sealed record DocumentedInstrument(
    string Name, string Kind, string Unit, IReadOnlyList<string> Tags, IReadOnlyList<string> From, string Meaning)
{
    // By OpenTelemetry it is there only where something failed.
    private const string ErrorType = "error.type";

    /// <summary>Whether a series may have these tags.</summary>
    public bool Allows(IEnumerable<string> tags) => Tags.Except([ErrorType]).Order().SequenceEqual(tags.Except(Tags.Contains(ErrorType) ? [ErrorType] : []).Order());

    public static IReadOnlyList<DocumentedInstrument> ReadAll() =>
    [
        .. File.ReadLines(Repository.Path("docs/telemetry.md"))
            .Where(line => line.StartsWith("| `kad.", StringComparison.Ordinal))
            .Select(Parse),
    ];

    private static DocumentedInstrument Parse(string row)
    {
        var cells = row.Trim('|').Split('|', StringSplitOptions.TrimEntries);
        return new DocumentedInstrument(cells[0].Trim('`'), cells[1], cells[2].Trim('`'), List(cells[3]), List(cells[4]), cells[5]);
    }

    private static string[] List(string cell) =>
        [.. cell.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Trim('`'))];
}
