using System.Text;

namespace KadOrleans.Cluster.Tests.SiloRole;

// Real processes that export, and Prometheus' own judgement. A minute is one export of the process that exports most often.
internal sealed partial class AlarmRun : IAsyncDisposable
{
    /// <summary>Longer than any rule's <c>for</c>: whatever was wrong from the beginning would fire by then.</summary>
    private const int Calm = 20;

    private static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(250);

    private static readonly string RulesFile = Repository.Path("infra/monitoring/alerts.yaml");

    private static readonly Dictionary<string, JsonNode> Rules = Yaml.Documents(File.ReadAllText(RulesFile)).Single()
        .Entries("groups").SelectMany(group => group.Entries("rules")).ToDictionary(rule => rule.Text("alert")!);

    private readonly OtlpCollector _collector;
    private readonly TimeSpan _interval;
    private readonly List<(int Minute, string Alarm, IReadOnlyDictionary<string, string>[] Firing)> _expectations = [];

    private AlarmRun(OtlpCollector collector, TimeSpan interval) => (_collector, _interval) = (collector, interval);

    public string[] Settings =>
    [
        $"Kad:Telemetry:Endpoint={_collector.Endpoint}",
        $"OTEL_METRIC_EXPORT_INTERVAL={_interval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)}",
    ];

    public int Now => Minutes().Values.DefaultIfEmpty().Max();

    public static async Task<AlarmRun> StartAsync(TimeSpan? interval = null) =>
        new(await OtlpCollector.StartAsync(), interval ?? DefaultInterval);

    public IEnumerable<ReceivedMetric> Of(string name) => Ours().Where(m => m.Name == name).Reverse();

    public double Last(string name, string? tag = null) => Of(name).FirstOrDefault()?.Points
        .Where(p => tag is null || p.Tags.Values.Contains(tag))
        .Sum(p => p.Value) ?? 0;

    public Dictionary<string, string> LabelsOf(string service) => new()
    {
        ["job"] = service,
        ["instance"] = Ours().Last(m => m.Service == service).Instance,
    };

    public static Task UntilAsync(Func<bool> isReached, string what) => Eventually.BecomesAsync(isReached, () => $"{what}: not within the time.");

    public Task PassAsync(int minutes)
    {
        var end = Now + minutes;
        return UntilAsync(() => Now >= end, $"Minute {end.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>All is well for longer than any rule waits, and the alarms are silent at the end of it.</summary>
    public async Task CalmAsync(params string[] alarms)
    {
        await PassAsync(Calm);
        foreach (var alarm in alarms)
        {
            Expect(Now, alarm);
        }
    }

    /// <summary>At a minute an alarm fires for these labels and no others; for none: it is silent.</summary>
    public void Expect(int minute, string alarm, params IReadOnlyDictionary<string, string>[] firing) =>
        _expectations.Add((minute, alarm, firing));

    public async Task VerifyAsync()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Write());
        var problems = Promtool.Problems("test", "rules", file);

        // It stays for whoever wants to know what came.
        Assert.True(problems.Length == 0, problems);
        File.Delete(file);
    }

    public ValueTask DisposeAsync() => _collector.DisposeAsync();

    private IEnumerable<ReceivedMetric> Ours() => _collector.Metrics.Where(m => m.Meter == "KadOrleans" && m.Points.Count > 0);

    /// <summary>The minute of each export: that of the newest one, or the next if the process has that already.</summary>
    private Dictionary<int, int> Minutes()
    {
        var minutes = new Dictionary<int, int>();
        var last = new Dictionary<string, int>();
        var now = 0;
        foreach (var metric in Ours())
        {
            if (!minutes.ContainsKey(metric.Export))
            {
                now = Math.Max(now, last.GetValueOrDefault(metric.Instance, -1) + 1);
                minutes[metric.Export] = last[metric.Instance] = now;
            }
        }

        return minutes;
    }

    private string Write()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"rule_files: ['{RulesFile}']");
        text.AppendLine("evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:");
        var minutes = Minutes();
        foreach (var (series, values) in new SeriesTable(Ours().Where(m => minutes.ContainsKey(m.Export)), m => minutes[m.Export]).Notated())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  - {{ series: '{series}', values: '{values}' }}");
        }

        text.AppendLine("  alert_rule_test:");
        foreach (var expectation in _expectations)
        {
            var alerts = expectation.Firing.Select(labels => Alert(Rules[expectation.Alarm], labels));
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"  - {{ eval_time: {expectation.Minute}m, alertname: {expectation.Alarm}, exp_alerts: [{string.Join(", ", alerts)}] }}");
        }

        return text.ToString();
    }

    private static string Alert(JsonNode rule, IReadOnlyDictionary<string, string> labels)
    {
        var all = labels.Append(KeyValuePair.Create("severity", rule.Text("labels.severity")!)).Select(l => $"{l.Key}: '{l.Value}'");
        var summary = Label().Replace(rule.Text("annotations.summary")!, match => labels[match.Groups[1].Value]);
        return $"{{ exp_labels: {{ {string.Join(", ", all)} }}, exp_annotations: {{ summary: '{summary}' }} }}";
    }

    [GeneratedRegex(@"\{\{ \$labels\.(\w+) \}\}")]
    private static partial Regex Label();
}
