namespace KadOrleans.Cli;

/// <summary>
/// Has due values sent again, and watches what nodes and edges say of it: until nothing waits. Shards give edges their keys piece by piece, and
/// an edge reports every 10 s, so an edge must have said so twice.
/// </summary>
internal sealed class RepublishRun(CommandIo io)
{
    public const string Path = "/v1/admin/work:republish";

    private const string StatusPath = "/v1/status";

    private const int BarWidth = 20;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private int _told = -1;

    /// <summary>What is shown while it runs.</summary>
    public string Progress { get; private set; } = "Looking for values that are due…";

    /// <summary>Begins, and returns the object that is printed at the end.</summary>
    public async Task<JsonObject> RunAsync(AdminClient client, bool isSilent, CancellationToken cancellationToken)
    {
        var watch = new RepublishWatch(await client.SendAsync(ApiRequest.Get(StatusPath), cancellationToken));
        var begun = await client.SendAsync(new ApiRequest(HttpMethod.Post, Path), cancellationToken);
        try
        {
            for (var pause = FirstPause; begun.Text("begun") != "0" && !watch.HasEnded; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                await Task.Delay(pause, cancellationToken);
                watch.Read(await client.SendAsync(ApiRequest.Get(StatusPath), cancellationToken));
                Progress = $"{Bar(watch)}{Describe(watch)}";
                Tell(watch, isSilent);
            }
        }
        catch (OperationCanceledException)
        {
            throw CommandException.Failed("Interrupted: the sweep goes on; 'kad admin status' shows how far it is.");
        }

        return watch.AddTo(begun);
    }

    public static void Print(ResultPrinter printer, JsonObject result)
    {
        var sent = result.Number("republished") + result.Number("published");
        var refused = result.Number("refused");
        printer.Line(result.Text("begun") == "0" ? "It was not begun: too much work is pending."
            : sent == 0 && refused > 0 ? $"No value was taken.{Refused(refused)}"
            : sent == 0 ? $"No value was sent{WhyNone(result)}."
            : $"{Values(sent)} sent: {result.Text("republished")} held for the network, {result.Count("published", "own publication")}; in "
                + $"{result.Count("regions", "region")}, with {result.Count("surveys", "survey")} and "
                + $"{result.Count("lookups", "lookup")} for one value. "
                + $"The most overdue was {SweepText.Time(result.Number("lateness"))} late.{Refused(refused)}");
        if (Ages.Until(result.Text("nextDue")) is { Length: > 0 } next)
        {
            printer.Say($"The next value is due {next} at the earliest.");
        }

        if (result.List("unknown") is { Count: > 0 } unknown)
        {
            printer.Say($"These edges have not said yet what they send: {string.Join(", ", unknown)}.");
        }

        if (result.IsTrue("isCluster") && result.Number("due") > 0)
        {
            printer.Say("Nothing waits at an edge that tells. What a shard gives later follows: 'kad admin status' shows it.");
        }
    }

    /// <summary>A sentence if something that is due was not sent, else null. Also for the results of other work.</summary>
    public static string? FindProblem(JsonObject result) => !result.TryGetPropertyValue("unsent", out var unsent) ? null
        : unsent is null ? result.IsTrue("isCluster")
            ? "No live edge has a contact that answers: what is due waits until one has."
            : "The node has lost all contacts: what is due waits until one answers."
        : result.Text("unsent") is not "0" and var count
            ? $"{count} of {Values(result.Number("due"))} not sent, as nobody answered: what is due is tried again."
        : null;

    // What was looked at may have changed meanwhile, or belong to others.
    private static string WhyNone(JsonObject result) => FindProblem(result) is not null ? string.Empty
        : result.Number("due") > 0 && result.Number("contacts") == 0 ? $": there is no contact to send {Values(result.Number("due"))} to"
        : result.Number("due") > 0 ? $": of {Values(result.Number("due"))} that were due none had to go out"
        : ": none is due";

    private static string Refused(double count) => count switch
    {
        0 => string.Empty,
        1 => " 1 was refused by all its holders.",
        _ => string.Create(CultureInfo.InvariantCulture, $" {count} were refused by all their holders."),
    };

    // Where nobody looks at a terminal: a line when it is known what is due, and one for each tenth of it.
    private void Tell(RepublishWatch watch, bool isSilent)
    {
        var tenth = watch.Due == 0 ? -1 : 10 * watch.Sent / watch.Due;
        if (!isSilent && !io.IsErrorTerminal && tenth > _told)
        {
            _told = (int)tenth;
            io.Say(Describe(watch));
        }
    }

    private static string Describe(RepublishWatch watch) => watch.Due == 0
        ? watch.IsCluster ? "Shards look for values that are due…" : "Looking for values that are due…"
        : $"{watch.Sent} of {Values(watch.Due)} sent, {watch.RegionsDone} of {watch.Regions} regions done."
            + (watch.Overdue > 0 ? $" The most overdue is {SweepText.Time(watch.Overdue)} late." : string.Empty);

    private static string Values(double count) => string.Create(CultureInfo.InvariantCulture, $"{count} value{(count == 1 ? string.Empty : "s")}");

    private static string Bar(RepublishWatch watch)
    {
        var full = watch.Due == 0 ? 0 : (int)Math.Min(BarWidth, BarWidth * watch.Sent / watch.Due);
        return $"{new string('█', full)}{new string('░', BarWidth - full)} ";
    }
}

/// <summary>What the statuses of a DHT say of values that are sent since the first of them.</summary>
internal sealed class RepublishWatch
{
    private const int ReportsOfEdge = 2;

    private const string CutOff = "sweeps.cutOff";

    private static readonly string[] Counters =
    [
        "values.republished", "values.published", "sweeps.regions", "sweeps.surveys", "sweeps.lookups", "values.refusedByAll", "values.unanswered",
    ];

    private readonly Dictionary<string, Reports> _reports = [];
    private readonly HashSet<string> _cutOff = [];
    private readonly Dictionary<string, long> _counted = Counters.ToDictionary(static counter => counter, static _ => 0L);
    private IReadOnlyList<JsonNode> _nodes;

    public RepublishWatch(JsonObject before)
    {
        _nodes = before.List("nodes");
        foreach (var node in _nodes)
        {
            _reports[node.Text("name")] = new Reports(node, 0, node["sweep"].Text("waiting") is "" or "0" ? node["sweep"].Text("begunAt") : null);
        }
    }

    // A node is one entry without a name. A cluster may have no live edge.
    public bool IsCluster => _nodes.All(static node => node.Text("name").Length > 0);

    /// <summary>The values sent so far.</summary>
    public long Sent => Republished + Published;

    /// <summary>The values that are sent, or wait, or were looked at, as far as they are known.</summary>
    public long Due { get; private set; }

    public long Regions { get; private set; }

    public long RegionsDone { get; private set; }

    /// <summary>In seconds, of the value that waits for longest.</summary>
    public double Overdue => Told.Select(static node => node["sweep"].Number("overdue")).DefaultIfEmpty().Max();

    /// <summary>Whether nothing waits. A node is asked once, an edge must have reported so twice. It has if none of them tells.</summary>
    public bool HasEnded { get; private set; }

    // Values that nobody answered; null if that is not known, as who is cut off does not look. One may be tried twice while this watches.
    private long? Unsent => Sent == 0 && Unanswered == 0 && _nodes.All(node => _cutOff.Contains(node.Text("name")))
        ? null
        : Math.Clamp(Unanswered, 0, Math.Max(0, Due - Sent - Refused));

    private long Republished => _counted["values.republished"];

    private long Published => _counted["values.published"];

    private long Refused => _counted["values.refusedByAll"];

    private long Unanswered => _counted["values.unanswered"];

    private long SweptRegions => _counted["sweeps.regions"];

    private IEnumerable<JsonNode> Told => _nodes.Where(static node => node["sweep"] is not null);

    // A sweep that had ended before is not of this run.
    private IEnumerable<JsonNode> Sweeps => Told
        .Where(node => node["sweep"].Text("begunAt") != _reports[node.Text("name")].Former)
        .Select(static node => node["sweep"]!);

    public void Read(JsonObject status)
    {
        _nodes = status.List("nodes");
        foreach (var node in _nodes)
        {
            var name = node.Text("name");
            var before = _reports.GetValueOrDefault(name) ?? new Reports(node, 0, null);
            var isNew = before.Node["sweep"].Text("at") != node["sweep"].Text("at");
            _reports[name] = before with { Node = node, Count = before.Count + (isNew ? 1 : 0) };
            if (CountOf(node, CutOff) != CountOf(before.Node, CutOff))
            {
                _cutOff.Add(name);
            }

            foreach (var counter in Counters)
            {
                // An edge that has started anew counts from 0.
                var (then, now) = (CountOf(before.Node, counter), CountOf(node, counter));
                _counted[counter] += now >= then ? now - then : now;
            }
        }

        Due = Math.Max(Sum("values"), Math.Max(Due, Sent + Sum("waiting")));
        (Regions, RegionsDone) = (Math.Max(Sum("regions"), Math.Max(Regions, SweptRegions)), Math.Max(RegionsDone, SweptRegions));
        var needed = IsCluster ? ReportsOfEdge : 1;
        HasEnded = Told.All(node => node["sweep"].Text("waiting") == "0"
            && !node["sweep"].IsTrue("isLooking")
            && _reports[node.Text("name")].Count >= needed);
    }

    /// <summary>Adds what was seen to the server's object.</summary>
    public JsonObject AddTo(JsonObject result)
    {
        (result["due"], result["republished"], result["published"]) = (Due, Republished, Published);
        (result["refused"], result["unsent"]) = (Refused, Unsent is { } unsent ? JsonValue.Create(unsent) : null);
        (result["regions"], result["surveys"], result["lookups"]) = (SweptRegions, _counted["sweeps.surveys"], _counted["sweeps.lookups"]);
        result["lateness"] = Sweeps.Select(static sweep => sweep.Number("lateness")).DefaultIfEmpty().Max();
        (result["waiting"], result["isCluster"], result["contacts"]) = (Sum("waiting"), IsCluster, _nodes.Sum(static node => (long)node.Number("contacts")));
        result["unknown"] = new JsonArray([.. _nodes.Except(Told).Select(static node => JsonValue.Create(node.Text("name")))]);
        return result;
    }

    private static long CountOf(JsonNode node, string counter) =>
        node["counts"]?[counter] is JsonValue count && count.TryGetValue<long>(out var number) ? number : 0;

    private long Sum(string field) => (long)Sweeps.Sum(sweep => sweep.Number(field));

    // A node's last status, how many reports came since the first, and when the sweep began that had ended by then.
    private sealed record Reports(JsonNode Node, int Count, string? Former);
}
