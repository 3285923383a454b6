namespace KadOrleans.Cli;

/// <summary>How far upkeep is, in words: the <c>sweep</c> of a node or an edge, which is not there before its first report.</summary>
internal static class SweepText
{
    private const string Unknown = "unknown";

    // What a sweep that had nothing of a kind has there: a column of these alone says nothing.
    private static readonly string[] Nothing = [string.Empty, "0", "0 s", "0 of 0"];

    /// <summary>Prints a row for each node or edge. A column in which all rows have nothing is left out.</summary>
    public static void Print(ResultPrinter printer, IReadOnlyList<JsonNode> nodes)
    {
        if (nodes.Count > 0 && nodes.All(static node => node["sweep"] is { } sweep && sweep.Text("begunAt").Length == 0 && SentOf(node) == 0))
        {
            printer.Say("No value was due to be sent again so far.");
            return;
        }

        var all = nodes.Sum(static node => SentOf(node) ?? 0);
        string[] heads =
        [
            "name", "sent again", "share", "waiting", "overdue",
            "sweep begun", "ended", "values", "republished", "published", "regions", "lateness", "left out",
        ];
        string[][] rows = [.. nodes.Select(node => Row(node, nodes.Count > 1 ? all : 0))];
        int[] shown = [.. Enumerable.Range(0, heads.Length).Where(column => rows.Any(row => !Nothing.Contains(row[column])))];
        printer.Table([.. shown.Select(column => heads[column])], [.. rows.Select(row => Array.ConvertAll(shown, column => row[column]))]);
    }

    /// <summary>What an edge has sent, its share of what all have, what waits, and how overdue that is.</summary>
    /// <param name="edge">The edge.</param>
    /// <param name="sentByAll">What all edges have sent.</param>
    public static string[] Compare(JsonNode edge, double sentByAll)
    {
        string[] sent = edge["sent"] is null ? [string.Empty, string.Empty] : [edge.Text("sent"), Share(edge.Number("sent"), sentByAll)];
        return edge["sweep"] is { } sweep ? [.. sent, sweep.Text("waiting"), Overdue(sweep)]
            : edge.Text("state") == "live" ? [.. sent, Unknown, Unknown]
            : [.. sent, string.Empty, string.Empty];
    }

    public static string Time(double seconds)
    {
        var (time, unit) = seconds < 120 ? (seconds, "s")
            : seconds < 7_200 ? (seconds / 60, "min")
            : seconds < 172_800 ? (seconds / 3_600, "h")
            : (seconds / 86_400, "days");
        return string.Create(CultureInfo.InvariantCulture, $"{time:0} {unit}");
    }

    private static string[] Row(JsonNode node, double sentByAll)
    {
        var name = node.Text("name");
        return node["sweep"] is not { } sweep ? [name, .. Enumerable.Repeat(Unknown, 12)] :
        [
            name, SentOf(node) is { } sent ? $"{sent}" : string.Empty, Share(SentOf(node) ?? 0, sentByAll), sweep.Text("waiting"), Overdue(sweep),
            sweep.Text("begunAt") is { Length: > 0 } begun ? Ages.Of(begun) : "none yet", Ages.Of(sweep.Text("endedAt")), sweep.Text("values"),
            sweep.Text("republished"), sweep.Text("published"), $"{sweep.Text("regionsDone")} of {sweep.Text("regions")}",
            Time(sweep.Number("lateness")), sweep.Text("leftOut"),
        ];
    }

    // Since its start. Null if it does not tell.
    private static long? SentOf(JsonNode node) => node["counts"] is { } counts && counts["values.republished"] is { } republished
        ? republished.GetValue<long>() + (counts["values.published"]?.GetValue<long>() ?? 0)
        : null;

    private static string Share(double sent, double all) =>
        all > 0 ? string.Create(CultureInfo.InvariantCulture, $"{100 * sent / all:0} %") : string.Empty;

    private static string Overdue(JsonNode sweep) =>
        Time(sweep.Number("overdue")) + (sweep.IsTrue("missesInterval") ? $", more than {Time(sweep.Number("overdueLimit"))}" : string.Empty);
}
