namespace KadOrleans.Cluster.Tests.SiloRole;

// What a collector received as Prometheus gets it from there: a value per export and series. Exports count as a minute apart.
internal sealed class SeriesTable
{
    private readonly Dictionary<string, SortedDictionary<int, double>> _series = [];

    public SeriesTable(IEnumerable<ReceivedMetric> metrics, Func<ReceivedMetric, int> minuteOf)
    {
        foreach (var metric in metrics)
        {
            foreach (var point in metric.Points)
            {
                Add(metric, point, minuteOf(metric));
            }
        }
    }

    /// <summary>Each series with its values, in the notation of <c>promtool test rules</c>.</summary>
    public IEnumerable<(string Series, string Values)> Notated() => _series.Select(s => (s.Key, Notate(s.Value)));

    private static string Notate(SortedDictionary<int, double> values) => string.Join(' ', Enumerable
        .Range(0, values.Keys.Last() + 1)
        .Select(minute => values.TryGetValue(minute, out var value) ? Number(value) : "_"));

    private void Add(ReceivedMetric metric, ReceivedPoint point, int minute)
    {
        var name = PrometheusNames.WithUnit(metric.Name, metric.Unit);
        switch (metric.Kind)
        {
            case "counter":
                Add($"{name}_total", metric, point, minute, point.Value);
                break;
            case "histogram":
                Add($"{name}_count", metric, point, minute, point.Value);
                Add($"{name}_sum", metric, point, minute, point.Sum);
                var below = 0.0;
                foreach (var (bound, count) in point.Buckets)
                {
                    below += count;
                    var le = double.IsInfinity(bound) ? "+Inf" : Number(bound);
                    Add($"{name}_bucket", metric, point, minute, below, $",le=\"{le}\"");
                }

                break;
            default:
                Add(name, metric, point, minute, point.Value);
                break;
        }
    }

    private void Add(string name, ReceivedMetric metric, ReceivedPoint point, int minute, double value, string more = "")
    {
        var tags = string.Concat(point.Tags.Select(tag => $",{PrometheusNames.Underscores(tag.Key)}=\"{tag.Value}\""));
        var series = $"{name}{{job=\"{metric.Service}\",instance=\"{metric.Instance}\"{tags}{more}}}";
        if (!_series.TryGetValue(series, out var values))
        {
            _series[series] = values = [];
        }

        values[minute] = value;
    }

    private static string Number(double value) => value.ToString("0.###############", CultureInfo.InvariantCulture);
}
