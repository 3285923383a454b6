namespace KadOrleans.Lab;

/// <summary>
/// The names of the documented instruments in Prometheus, as the OpenTelemetry collector's exporters make them: see
/// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.
/// </summary>
public static class PrometheusNames
{
    private static readonly string[] AlwaysThere = ["job", "instance"];

    private static readonly IReadOnlyList<DocumentedInstrument> Documented = DocumentedInstrument.ReadAll();

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Labels { get; } = Documented
        .SelectMany(i => Series(i).Select(name => (Name: name, Labels: (IReadOnlyList<string>)[.. LabelsOf(i)])))
        .ToDictionary(s => s.Name, s => s.Labels);

    public static bool HasValue(string label, string value) =>
        Documented.Any(i => i.Tags.Any(t => Underscores(t) == label) && i.Meaning.Contains($"`{value}`", StringComparison.Ordinal));

    public static string Underscores(string name) => name.Replace('.', '_');

    public static string WithUnit(string name, string unit) => Underscores(name) + unit switch
    {
        "s" => "_seconds",
        "By" => "_bytes",
        ['{', ..] => string.Empty,
        _ => throw new InvalidDataException($"What Prometheus calls the unit '{unit}' is to be added here."),
    };

    private static IEnumerable<string> Series(DocumentedInstrument instrument)
    {
        var name = WithUnit(instrument.Name, instrument.Unit);
        return instrument.Kind switch
        {
            "counter" => [$"{name}_total"],
            "histogram" => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
            _ => [name],
        };
    }

    private static IEnumerable<string> LabelsOf(DocumentedInstrument instrument) =>
        instrument.Tags.Select(Underscores).Concat(AlwaysThere).Concat(instrument.Kind == "histogram" ? ["le"] : []);
}
