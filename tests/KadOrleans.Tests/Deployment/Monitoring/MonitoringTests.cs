namespace KadOrleans.Tests.Deployment;

/// <summary>Dashboard and alarms ask for what the processes send, and each alarm says what to do.</summary>
public sealed class MonitoringTests
{
    private static readonly Regex Part = new(@"^(See|Do|Over): ", RegexOptions.Multiline);
    private static readonly Regex Legend = new(@"\{\{\s*([a-z_]+)\s*\}\}");
    private static readonly Regex Summary = new(@"\{\{\s*\$labels\.([a-z_]+)\s*\}\}");

    private static readonly JsonNode Dashboard = JsonNode.Parse(Repository.Read("infra/monitoring/dashboard.json"))!;

    private static readonly IReadOnlyList<JsonNode> Alerts =
        [.. Yaml.Documents(Repository.Read("infra/monitoring/alerts.yaml")).Single().Entries("groups").SelectMany(g => g.Entries("rules"))];

    private static IReadOnlyList<JsonNode> Targets =>
        [.. Dashboard["panels"]!.AsArray().SelectMany(p => p!["targets"]?.AsArray() ?? []).OfType<JsonNode>()];

    private static IReadOnlyList<string> Expressions =>
        [.. Alerts.Select(a => a.Text("expr")!), .. Targets.Select(t => t["expr"]!.GetValue<string>())];

    [Fact]
    public void Each_metric_and_value_is_documented_and_each_label_is_a_tag_of_its_metric() => Assert.All(Expressions, expression =>
    {
        var metrics = Expression.Metrics(expression);
        Assert.NotEmpty(metrics);
        Assert.Subset(PrometheusNames.Labels.Keys.ToHashSet(), metrics.ToHashSet());
        Assert.All(Expression.Groups(expression), label => Assert.Contains(metrics, m => PrometheusNames.Labels[m].Contains(label)));
        Assert.All(Expression.Matches(expression), match =>
        {
            Assert.Contains(match.Label, PrometheusNames.Labels[match.Metric]);
            Assert.All(match.Values.Where(v => v != "$job"), value => Assert.True(PrometheusNames.HasValue(match.Label, value), value));
        });
    });

    [Fact]
    public void Legends_and_summaries_name_labels_that_are_left()
    {
        Assert.All(Targets, target => Left(target["expr"]!.GetValue<string>(), Legend, target["legendFormat"]!.GetValue<string>()));
        Assert.All(Alerts, alert => Left(alert.Text("expr")!, Summary, alert.Text("annotations.summary")!));

        static void Left(string expression, Regex pattern, string text)
        {
            var groups = Expression.Groups(expression);
            var left = groups.Count > 0 ? groups : [.. Expression.Metrics(expression).SelectMany(m => PrometheusNames.Labels[m])];
            Assert.Empty(pattern.Matches(text).Select(m => m.Groups[1].Value).Except(left));
        }
    }

    [Fact]
    public void Each_alarm_has_a_section_that_says_how_to_see_it_what_to_do_and_when_it_is_over()
    {
        var document = Repository.Read("docs/runbook.md");
        var alarms = document[document.IndexOf("\n## Alarms\n", StringComparison.Ordinal)..];
        alarms = alarms[..alarms.IndexOf("\n## ", 1, StringComparison.Ordinal)];
        var sections = alarms.Split("\n### ")[1..].ToDictionary(s => s[..s.IndexOf('\n', StringComparison.Ordinal)].Trim(), s => s);

        Assert.StartsWith("# Runbook\n", document, StringComparison.Ordinal);
        Assert.Equal(Alerts.Select(a => a.Text("alert")!).Order(), sections.Keys.Order());
        Assert.All(sections.Values, section =>
        {
            var parts = Part.Matches(section).Select(part => part.Groups[1].Value);
            Assert.Equal(["See", "Do", "Over"], parts);
            Assert.Contains("`kad admin ", section, StringComparison.Ordinal);
            Assert.Matches("`[A-Z]+ /v1/", section);
        });
        Assert.All(Alerts, alert => Assert.Contains(alert.Text("labels.severity"), (string[])["page", "ticket"]));
    }

    [Fact]
    public void Each_line_of_the_console_is_one_of_the_alarms()
    {
        var never = new CountsAt(DateTimeOffset.UnixEpoch, new Dictionary<string, long>());

        Assert.All(
            Alarm.Judge(new Health(Health.Ready), nodes: null, new OverviewSilos(1, 1, []), new OverviewEdges(1, 1, []), [never]),
            line => Assert.Contains(Alerts, alert => alert.Text("alert") == line.Name));
    }

    [Fact]
    public void The_dashboard_has_its_rows_in_order_and_no_panel_over_another()
    {
        var panels = Dashboard["panels"]!.AsArray().OfType<JsonNode>().ToList();
        var places = panels.Select(p => p["gridPos"]!).Select(p => (X: (int)p["x"]!, Y: (int)p["y"]!, W: (int)p["w"]!, H: (int)p["h"]!)).ToList();

        Assert.Equal(
            ["Network", "Requests", "Lookups", "Table", "Storage", "Cluster"],
            panels.Where(p => p["type"]!.GetValue<string>() == "row").Select(p => p["title"]!.GetValue<string>()));
        Assert.Distinct(panels.Select(p => (int)p["id"]!));
        Assert.All(places, a => Assert.DoesNotContain(places, b =>
            a != b && a.X < b.X + b.W && b.X < a.X + a.W && a.Y < b.Y + b.H && b.Y < a.Y + a.H));
    }
}

/// <summary>What a PromQL expression names, as far as these files use the language.</summary>
internal static class Expression
{
    private static readonly Regex Matchers = new(@"\{[^}]*\}");
    private static readonly Regex Grouping = new(@"\bby\s*\(([^)]*)\)");
    private static readonly Regex MetricPattern = new(@"\b[a-z]+_[a-z_]+\b(?!\s*\()");
    private static readonly Regex Selector = new(@"([a-z_]+)\{([^}]*)\}");
    private static readonly Regex Matcher = new("([a-z_]+)\\s*(?:=~|!=|!~|=)\\s*\"([^\"]*)\"");

    /// <summary>The metrics.</summary>
    public static IReadOnlyList<string> Metrics(string expression) =>
        [.. MetricPattern.Matches(Grouping.Replace(Matchers.Replace(expression, " "), " ")).Select(m => m.Value).Distinct()];

    /// <summary>What series are grouped by.</summary>
    public static IReadOnlyList<string> Groups(string expression) =>
        [.. Grouping.Matches(expression).SelectMany(m => m.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Distinct()];

    /// <summary>The metric, label and values of each matcher.</summary>
    public static IReadOnlyList<(string Metric, string Label, string[] Values)> Matches(string expression) =>
    [
        .. from match in Selector.Matches(expression)
           from matcher in Matcher.Matches(match.Groups[2].Value)
           select (match.Groups[1].Value, matcher.Groups[1].Value, matcher.Groups[2].Value.Split('|')),
    ];
}
