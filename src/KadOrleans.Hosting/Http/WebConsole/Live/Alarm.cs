namespace KadOrleans.Hosting;

// One of the alarms of docs/runbook.md by its name there, as far as this process can judge it from the last five minutes. Monitoring
// judges all of them, over longer times. The sentence says what is so.
internal sealed record Alarm(string Name, bool Fires, string Sentence)
{
    // As in infra/monitoring/alerts.yaml.
    private const double MostFailedLookups = 0.05;
    private const double MostDroppedPerSecond = 1;

    // Of fewer lookups one that fails says nothing.
    private const int LeastLookups = 10;

    private const int NamedNodes = 5;

    /// <summary>A line for each alarm, by the oldest sample and the last one. The nodes are null if nobody could be asked.</summary>
    public static IReadOnlyList<Alarm> Judge(Health health, IReadOnlyList<DhtNodeStatus>? nodes, CountsAt begin, CountsAt end) =>
    [
        Ready(health),
        Contacts(nodes ?? []),
        Storage(OverviewRates.Growth(begin, end, "refused.StorageFailed") + OverviewRates.Growth(begin, end, "stores.refused.StorageFailed")),
        Dropped(
            OverviewRates.Growth(begin, end, "refused.Busy")
            + OverviewRates.Growth(begin, end, "refused.PendingLimit")
            + OverviewRates.Growth(begin, end, "stores.refused.Busy"),
            end.At - begin.At),
        Lookups(end.At > begin.At ? OverviewRates.Between(begin, end) : null),
    ];

    private static Alarm Ready(Health health) => new(
        "KadNotReady", !health.IsReady, health.IsReady ? "This process is ready." : $"This process is not ready: {VisibleText.Show(health.Status)}.");

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

    private static Alarm Storage(long failed) => new(
        "KadStorageFailing", failed > 0, failed > 0 ? $"STOREs that storage failed: {failed}." : "No STORE failed for want of storage.");

    private static Alarm Dropped(long dropped, TimeSpan over)
    {
        var perSecond = over > TimeSpan.Zero ? dropped / over.TotalSeconds : 0;
        return new Alarm("KadRequestsDropped", perSecond > MostDroppedPerSecond, dropped == 0
            ? "No request was dropped because too many were pending."
            : string.Create(CultureInfo.InvariantCulture, $"Dropped because too many were pending: {perSecond:0.0} requests a second."));
    }

    private static Alarm Lookups(OverviewRates? rates)
    {
        var (succeeded, failed) = (rates?.Succeeded ?? 0, rates?.Failed ?? 0);
        var all = succeeded + failed;
        return new Alarm("KadLookupsFail", all >= LeastLookups && failed > all * MostFailedLookups, all == 0
            ? "No lookup ended."
            : string.Create(CultureInfo.InvariantCulture, $"Lookups that reached their target: {succeeded} of {all}."));
    }
}
