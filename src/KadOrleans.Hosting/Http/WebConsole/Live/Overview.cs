namespace KadOrleans.Hosting;

public sealed record CountsAt(DateTimeOffset At, IReadOnlyDictionary<string, long> Counts);

// What the first page shows: the process's health in words, the node or the first MaxNodes live edges with the contacts of all.
// The rates are null before the second sample. Each alarm has a line. The series is for drawings.
public sealed record Overview(
    DateTimeOffset At,
    bool IsReady,
    string Words,
    IReadOnlyList<OverviewNode> Nodes,
    int NodeCount,
    int Contacts,
    OverviewRates? Rates,
    IReadOnlyList<Alarm> Alarms,
    OverviewSeries Series)
{
    public const int MaxNodes = 100;

    private static readonly TimeSpan RateWindow = TimeSpan.FromMinutes(1);

    /// <summary>Judges samples, at least one, the oldest first. The nodes are null if nobody could be asked.</summary>
    public static Overview Of(Health health, IReadOnlyList<DhtNodeStatus>? nodes, IReadOnlyList<CountsAt> samples)
    {
        var last = samples[^1];
        var begin = samples.First(sample => last.At - sample.At <= RateWindow);
        var known = nodes ?? [];
        return new Overview(
            last.At,
            health.IsReady,
            Describe(health, nodes),
            [.. known.OrderBy(node => node.Name, StringComparer.Ordinal).Take(MaxNodes).Select(OverviewNode.Of)],
            known.Count,
            known.Sum(node => node.Contacts),
            last.At > begin.At ? OverviewRates.Between(begin, last) : null,
            Alarm.Judge(health, nodes, samples[0], last),
            OverviewSeries.Of(samples));
    }

    private static string Describe(Health health, IReadOnlyList<DhtNodeStatus>? nodes) => (health, nodes) switch
    {
        ({ IsReady: false }, _) => $"Not ready: {health.Status}.{(health.Reason is { } reason ? " " + reason : string.Empty)}",
        (_, null) => "Ready, but the status of the nodes is unknown.",
        ({ Reason: { } reason }, _) => $"Ready. {reason}",
        (_, []) => "Ready, but without an edge: nothing is served to the network.",
        (_, [{ Name: "", Contacts: 0 }]) => "Ready. The node has no contacts yet.",
        (_, [{ Name: "", Contacts: var contacts }]) => $"Ready. The node serves the network and has {Count(contacts, "contact")}.",
        _ => $"Ready. {Count(nodes.Count, "edge")} {(nodes.Count == 1 ? "serves" : "serve")} the network with {Count(nodes.Sum(node => node.Contacts), "contact")}.",
    };

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? string.Empty : "s")}";
}

/// <summary>A node, whose name is empty, or an edge with its node ids.</summary>
public sealed record OverviewNode(string Name, IReadOnlyList<NodeId> Ids, IReadOnlyList<UdpEndpoint> Endpoints, int Contacts)
{
    public static OverviewNode Of(DhtNodeStatus node) => new(VisibleText.Show(node.Name), node.Ids, node.Endpoints, node.Contacts);
}

// What happened in a time: per second the requests of others, those without a response, STOREs that were accepted and lookups
// that ended. Then how many lookups succeeded and failed.
public sealed record OverviewRates(
    double OverSeconds, double Received, double Refused, double Stores, double Lookups, long Succeeded, long Failed)
{
    private static readonly string[] Successes = [Name(TerminationReason.Converged), Name(TerminationReason.ValueFound)];

    private static readonly string[] Failures =
        [Name(TerminationReason.NoContacts), Name(TerminationReason.NobodyAnswered), Name(TerminationReason.RequestLimit), Name(TerminationReason.DeadlineReached)];

    public static OverviewRates Between(CountsAt begin, CountsAt end)
    {
        var seconds = (end.At - begin.At).TotalSeconds;
        var (succeeded, failed) = (Growth(begin, end, Successes), Growth(begin, end, Failures));
        return new OverviewRates(
            Math.Round(seconds, 1),
            PerSecond(Growth(begin, end, Below("received."))),
            PerSecond(Growth(begin, end, Below("refused."))),
            PerSecond(Growth(begin, end, "stores.accepted")),
            PerSecond(succeeded + failed),
            succeeded,
            failed);

        // The clock may have been set back in between.
        double PerSecond(long growth) => seconds > 0 ? Math.Round(growth / seconds, 2) : 0;

        IEnumerable<string> Below(string prefix) => end.Counts.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    public static long Growth(CountsAt begin, CountsAt end, params IEnumerable<string> names) =>
        names.Sum(name => end.Counts.GetValueOrDefault(name) - begin.Counts.GetValueOrDefault(name));

    private static string Name(TerminationReason reason) => $"lookups.{reason}";
}

/// <summary>Rates per second, one for each time between two samples, at its end: of requests, of lookups, and of those that failed.</summary>
public sealed record OverviewSeries(
    IReadOnlyList<DateTimeOffset> At, IReadOnlyList<double> Received, IReadOnlyList<double> Lookups, IReadOnlyList<double> Failed)
{
    public static OverviewSeries Of(IReadOnlyList<CountsAt> samples)
    {
        List<OverviewRates> rates = [.. samples.Zip(samples.Skip(1), OverviewRates.Between)];
        return new OverviewSeries(
            [.. samples.Skip(1).Select(sample => sample.At)],
            [.. rates.Select(rate => rate.Received)],
            [.. rates.Select(rate => rate.Lookups)],
            [.. rates.Select(rate => Math.Round(rate.Failed / Math.Max(rate.OverSeconds, 0.1), 2))]);
    }
}

// One of the alarms of docs/runbook.md by its name there, as far as this process can judge it from the last five minutes. Monitoring
// judges all of them, over longer times. The sentence says what was counted.
public sealed record Alarm(string Name, bool Fires, string Sentence)
{
    // As in infra/monitoring/alerts.yaml.
    private const double MostFailedLookups = 0.05;
    private const double MostDroppedPerSecond = 1;

    // With fewer lookups, a single failure would fire the alarm.
    private const int LeastLookups = 10;

    private const int NamedNodes = 5;

    /// <summary>A line for each alarm, by the oldest sample and the last one. The nodes are null if nobody could be asked.</summary>
    public static IReadOnlyList<Alarm> Judge(Health health, IReadOnlyList<DhtNodeStatus>? nodes, CountsAt begin, CountsAt end) =>
    [
        new("KadNotReady", !health.IsReady, health.IsReady ? "This process is ready." : $"This process is not ready: {VisibleText.Show(health.Status)}."),
        Contacts(nodes ?? []),
        OverviewRates.Growth(begin, end, "refused.StorageFailed", "stores.refused.StorageFailed") is > 0 and var failed
            ? new("KadStorageFailing", true, $"STOREs that failed in storage: {failed}.")
            : new("KadStorageFailing", false, "No STORE failed in storage."),
        Dropped(OverviewRates.Growth(begin, end, "refused.Busy", "refused.PendingLimit", "stores.refused.Busy"), end.At - begin.At),
        Lookups(OverviewRates.Between(begin, end)),
    ];

    private static Alarm Contacts(IReadOnlyList<DhtNodeStatus> nodes)
    {
        var alone = nodes.Where(node => node.Contacts == 0).ToList();
        return new Alarm("KadEdgeWithoutContact", alone.Count > 0, alone switch
        {
            [] => "All nodes have contacts.",
            [{ Name: "" }] => "The node has no contacts.",
            _ => $"Edges without contacts: {string.Join(", ", alone.Take(NamedNodes).Select(node => VisibleText.Excerpt(node.Name)))}{(alone.Count > NamedNodes ? $" and {alone.Count - NamedNodes} more" : string.Empty)}.",
        });
    }

    private static Alarm Dropped(long dropped, TimeSpan over)
    {
        var perSecond = over > TimeSpan.Zero ? dropped / over.TotalSeconds : 0;
        return new Alarm("KadRequestsDropped", perSecond > MostDroppedPerSecond, dropped == 0
            ? "No request was dropped because too many were pending."
            : string.Create(CultureInfo.InvariantCulture, $"Dropped because too many were pending: {perSecond:0.0} requests a second."));
    }

    private static Alarm Lookups(OverviewRates rates)
    {
        var all = rates.Succeeded + rates.Failed;
        return new Alarm(
            "KadLookupsFail",
            all >= LeastLookups && rates.Failed > all * MostFailedLookups,
            all == 0 ? "No lookup ended." : $"Lookups that reached their target: {rates.Succeeded} of {all}.");
    }
}
