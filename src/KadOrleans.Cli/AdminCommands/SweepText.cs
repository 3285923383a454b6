namespace KadOrleans.Cli;

/// <summary>How far upkeep is, in words: the <c>sweep</c> of a node or an edge, which is not there before its first report.</summary>
internal static class SweepText
{
    private const string Unknown = "unknown";

    public static void Print(ResultPrinter printer, IReadOnlyList<JsonNode> nodes) => printer.Table(
        ["name", "sweep begun", "ended", "values", "waiting", "republished", "published", "regions", "lateness", "overdue", "left out"],
        [.. nodes.Select(Row)]);

    /// <summary>What waits, and how overdue it is.</summary>
    /// <param name="node">A node or an edge.</param>
    /// <param name="isLive">Whether it reports.</param>
    public static string[] Waiting(JsonNode node, bool isLive) => node["sweep"] is { } sweep ? [sweep.Text("waiting"), Overdue(sweep)]
        : isLive ? [Unknown, Unknown]
        : [string.Empty, string.Empty];

    public static string Time(double seconds)
    {
        var (time, unit) = seconds < 120 ? (seconds, "s") : seconds < 7_200 ? (seconds / 60, "min") : (seconds / 3_600, "h");
        return string.Create(CultureInfo.InvariantCulture, $"{time:0} {unit}");
    }

    private static string[] Row(JsonNode node)
    {
        var name = node.Text("name");
        return node["sweep"] is { } sweep
            ? [
                name, sweep.Text("begunAt") is { Length: > 0 } begun ? begun : "none yet", sweep.Text("endedAt"), sweep.Text("values"),
                sweep.Text("waiting"), sweep.Text("republished"), sweep.Text("published"), $"{sweep.Text("regionsDone")} of {sweep.Text("regions")}",
                Time(sweep.Number("lateness")), Overdue(sweep), sweep.Text("leftOut"),
            ]
            : [name, .. Enumerable.Repeat(Unknown, 10)];
    }

    private static string Overdue(JsonNode sweep) =>
        Time(sweep.Number("overdue")) + (sweep.IsTrue("missesInterval") ? $", more than {Time(sweep.Number("overdueLimit"))}" : string.Empty);
}
