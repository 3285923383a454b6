namespace KadOrleans.Http;

// One of the alarms of docs/runbook.md by its name there, as far as this process can judge it from the last five minutes. Monitoring
// judges all of them, over longer times. The sentence says what was counted; Last is when it happened last, if it is over or has a beginning.
internal sealed record Alarm(string Name, bool Fires, string Sentence, DateTimeOffset? Last = null)
{
    // As in infra/monitoring/alerts.yaml.
    private const double MostFailedLookups = 0.05;
    private const double MostDroppedPerSecond = 1;

    // With fewer lookups, or fewer failures, a neighbour that left would fire the alarm.
    private const int LeastLookups = 10;
    private const int LeastFailures = 5;

    private const int NamedNodes = 5;

    /// <summary>A write that failed is one that fails for so long: an edge reports every ten seconds.</summary>
    private static readonly TimeSpan Present = TimeSpan.FromSeconds(30);

    private static readonly string[] FailedStores = ["refused.StorageFailed", "stores.refused.StorageFailed"];

    /// <summary>
    /// A line for each alarm, those that fire first, by the samples, the oldest first. The nodes are null if nobody could be asked. The silos and the
    /// edges are null of a node, which has no alarm of them.
    /// </summary>
    public static IReadOnlyList<Alarm> Judge(
        Health health, IReadOnlyList<DhtNodeStatus>? nodes, OverviewSilos? silos, OverviewEdges? edges, IReadOnlyList<CountsAt> samples)
    {
        var (begin, end) = (samples[0], samples[^1]);
        Alarm[] ofSilos = silos is null ? [] : [Silos(silos)];
        Alarm[] ofEdges = edges is null ? [] : [Edges(edges)];
        Alarm[] all =
        [
            new("KadNotReady", !health.IsReady, health.IsReady ? "This process is ready." : $"This process is not ready: {VisibleText.Show(health.Status)}."),
            .. ofSilos,
            .. ofEdges,
            Contacts(nodes ?? []),
            Storage(health, samples),
            Dropped(OverviewRates.Growth(begin, end, "refused.Busy", "refused.PendingLimit", "stores.refused.Busy"), end.At - begin.At),
            Lookups(nodes ?? [], OverviewRates.Between(begin, end)),
            Republishing(nodes ?? []),
        ];
        return [.. all.OrderByDescending(alarm => alarm.Fires)];
    }

    private static Alarm Storage(Health health, IReadOnlyList<CountsAt> samples)
    {
        var (begin, end) = (samples[0], samples[^1]);
        var (stores, puts) = (OverviewRates.Growth(begin, end, FailedStores), OverviewRates.Growth(begin, end, FailedWrites.Name));
        var last = samples.Zip(samples.Skip(1))
            .Where(pair => OverviewRates.Growth(pair.First, pair.Second, [.. FailedStores, FailedWrites.Name]) > 0)
            .Select(pair => (DateTimeOffset?)pair.Second.At)
            .LastOrDefault();
        var isFailing = health.RefusesWrites || end.At - last < Present;
        var counted = (stores, puts) switch
        {
            (0, 0) => null,
            (_, 0) => $"STOREs that failed in storage: {stores}",
            (0, _) => $"Requests over HTTP whose writes failed: {puts}",
            _ => $"STOREs that failed in storage: {stores}; requests over HTTP whose writes failed: {puts}",
        };
        return new Alarm("KadStorageFailing", isFailing, isFailing switch
        {
            _ when health.RefusesWrites && !health.IsReady => $"Storage does not take writes: {VisibleText.Show(health.Status)}.",
            _ when health.RefusesWrites => "Storage refuses writes.",
            _ when counted is null => "No write failed in storage.",
            true => $"{counted}.",
            false => string.Create(CultureInfo.InvariantCulture, $"{counted}; none in the last {Present.TotalSeconds:0} s."),
        },
        last);
    }

    private static Alarm Silos(OverviewSilos silos) => new(
        "KadSiloLost",
        silos.Lost.Count > 0,
        silos.Lost switch
        {
            [] => "No silo is missing.",
            _ => $"Declared dead, and no silo has started in its place: {Names(silos.Lost.Select(silo => silo.Name))}.",
        },
        silos.Lost.Max(silo => silo.EndedAt));

    private static Alarm Edges(OverviewEdges edges) => new(
        "KadEdgeLost",
        edges.Lost.Count > 0,
        edges.Lost switch
        {
            [] => "No edge is missing.",
            _ => $"Silent for two minutes or longer, and the lease not handed back: {Names(edges.Lost.Select(edge => edge.Name))}.",
        },
        edges.Lost.Max(edge => edge.LastSeen));

    private static Alarm Contacts(IReadOnlyList<DhtNodeStatus> nodes)
    {
        // Beside nodes that have contacts it is no first one, but one that is cut off.
        var isAnyConnected = nodes.Any(node => node.Contacts > 0);
        var lonely = nodes.Where(node => node.Contacts == 0 && (isAnyConnected || !node.IsFirst)).ToList();
        return new Alarm("KadEdgeWithoutContact", lonely.Count > 0, lonely switch
        {
            [] when FirstNode.AreAlone(nodes) => "None is needed before another node joins.",
            [] => "All nodes have contacts.",
            [{ Name: "" }] => "The node has no contacts.",
            _ => $"Edges without contacts: {Names(NamesOf(lonely))}.",
        });
    }

    private static Alarm Republishing(IReadOnlyList<DhtNodeStatus> nodes)
    {
        var late = nodes.Where(node => node.Sweep is { MissesInterval: true }).ToList();
        return new Alarm("KadRepublishLate", late.Count > 0, late switch
        {
            [{ Name: "", Sweep: { } sweep }] => string.Create(
                CultureInfo.InvariantCulture,
                $"A value waits to be sent again {sweep.Overdue.TotalMinutes:0} minutes beyond its interval; "
                    + $"{sweep.OverdueLimit.TotalMinutes:0} are allowed."),
            [_, ..] => $"Edges on which values wait for too long: {Names(NamesOf(late))}.",
            [] when nodes.Count > 0 && nodes.All(node => node.Sweep is null) =>
                "No edge has said yet how long values wait to be sent again.",
            [] => "No value waits to be sent again for too long.",
        });
    }

    private static IEnumerable<string> NamesOf(IEnumerable<DhtNodeStatus> nodes) => nodes.Select(node => VisibleText.Excerpt(node.Name));

    private static string Names(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return string.Join(", ", all.Take(NamedNodes)) + (all.Length > NamedNodes ? $" and {all.Length - NamedNodes} more" : string.Empty);
    }

    private static Alarm Dropped(long dropped, TimeSpan over)
    {
        var perSecond = over > TimeSpan.Zero ? dropped / over.TotalSeconds : 0;
        return new Alarm("KadRequestsDropped", perSecond > MostDroppedPerSecond, dropped == 0
            ? "No request was dropped because too many were pending."
            : string.Create(CultureInfo.InvariantCulture, $"Dropped because too many were pending: {perSecond:0.0} requests a second."));
    }

    private static Alarm Lookups(IReadOnlyList<DhtNodeStatus> nodes, OverviewRates rates)
    {
        var all = rates.Succeeded + rates.Failed;
        var counted = $"{rates.Succeeded} of {all}";

        // Its lookups failed while those who had joined it left.
        var isAlone = FirstNode.AreAlone(nodes);
        return new Alarm(
            "KadLookupsFail",
            !isAlone && all >= LeastLookups && rates.Failed >= LeastFailures && rates.Failed > all * MostFailedLookups,
            all switch
            {
                _ when isAlone => "There is nobody to ask before another node joins.",
                0 => "No lookup ended.",
                < LeastLookups => $"Lookups that reached their target: {counted}, too few to judge by.",
                _ => $"Lookups that reached their target: {counted}.",
            });
    }
}
