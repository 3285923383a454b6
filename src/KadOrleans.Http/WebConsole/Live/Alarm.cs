namespace KadOrleans.Http;

// One of the alarms of docs/runbook.md by its name there, as far as this process can judge it from the last five minutes. Monitoring
// judges all of them, over longer times. The sentence says what was counted.
internal sealed record Alarm(string Name, bool Fires, string Sentence)
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
        Storage(
            health,
            OverviewRates.Growth(begin, end, "refused.StorageFailed", "stores.refused.StorageFailed"),
            OverviewRates.Growth(begin, end, FailedWrites.Name)),
        Dropped(OverviewRates.Growth(begin, end, "refused.Busy", "refused.PendingLimit", "stores.refused.Busy"), end.At - begin.At),
        Lookups(OverviewRates.Between(begin, end)),
        Republishing(nodes ?? []),
    ];

    private static Alarm Storage(Health health, long stores, long puts) => new(
        "KadStorageFailing",
        health.RefusesWrites || stores > 0 || puts > 0,
        (stores, puts) switch
        {
            _ when health.RefusesWrites && !health.IsReady => $"Storage does not take writes: {VisibleText.Show(health.Status)}.",
            _ when health.RefusesWrites => "Storage refuses writes.",
            (0, 0) => "No write failed in storage.",
            (_, 0) => $"STOREs that failed in storage: {stores}.",
            (0, _) => $"Requests over HTTP whose writes failed: {puts}.",
            _ => $"STOREs that failed in storage: {stores}; requests over HTTP whose writes failed: {puts}.",
        });

    private static Alarm Contacts(IReadOnlyList<DhtNodeStatus> nodes)
    {
        var alone = nodes.Where(node => node.Contacts == 0).ToList();
        return new Alarm("KadEdgeWithoutContact", alone.Count > 0, alone switch
        {
            [] => "All nodes have contacts.",
            [{ Name: "" }] => "The node has no contacts.",
            _ => $"Edges without contacts: {Names(alone)}.",
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
            [_, ..] => $"Edges on which values wait for too long: {Names(late)}.",
            [] when nodes.Count > 0 && nodes.All(node => node.Sweep is null) =>
                "No edge has said yet how long values wait to be sent again.",
            [] => "No value waits to be sent again for too long.",
        });
    }

    private static string Names(List<DhtNodeStatus> nodes) =>
        string.Join(", ", nodes.Take(NamedNodes).Select(node => VisibleText.Excerpt(node.Name)))
        + (nodes.Count > NamedNodes ? $" and {nodes.Count - NamedNodes} more" : string.Empty);

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
