using System.Diagnostics.Metrics;

namespace KadOrleans.Node;

/// <summary>Gauges over all nodes of the process, as ids may not be tags.</summary>
internal static class NodeGauges
{
    public static WatchedParts<ExpiryTime> Clocks { get; } = new(static (meter, clocks) => meter.CreateObservableGauge(
        "kad.clock.distrusted",
        () => IfAny(clocks.All, all => all.Count(clock => !clock.Status.Agrees)),
        "{node}",
        "Nodes that remove no expired values, as the system's clock jumped."));

    /// <summary>The network's size: the median of the nodes' estimates, as all are in one network.</summary>
    public static WatchedParts<NetworkSize> NetworkSizes { get; } = new(static (meter, sizes) => meter.CreateObservableGauge(
        "kad.network.size",
        () => IfAny([.. sizes.All.Select(size => size.Estimate?.Nodes).OfType<double>().Order()], all => all[all.Length / 2]),
        "{node}",
        "Nodes in the network, estimated from lookups."));

    public static WatchedParts<Reachability> Tables { get; } = new(static (meter, nodes) =>
    {
        meter.CreateObservableGauge(
            "kad.table.contacts",
            () => MeasureContacts(nodes.All),
            "{contact}",
            "Contacts, by the bits that their id shares with the node's own.");
        meter.CreateObservableGauge("kad.node.served", () => nodes.All.Length, "{node}", "Node ids that the process serves.");
        meter.CreateObservableGauge(
            "kad.node.connected", () => nodes.All.Count(node => node.IsGood), "{node}", "Node ids with a contact that answers.");
        meter.CreateObservableGauge(
            "kad.node.first",
            () => nodes.All.Count(node => node is { IsGood: false, MayBeFirst: true }),
            "{node}",
            "Node ids that are the first of their network: without a bootstrap node, and alone so far.");
    });

    public static WatchedParts<IKeyStore> Stores { get; } = new(static (meter, stores) =>
    {
        meter.CreateObservableGauge(
            "kad.value.held", () => MeasureUsage(stores.All, usage => usage.Keys), "{key}", "Keys held for the network.");
        meter.CreateObservableGauge(
            "kad.value.size", () => MeasureUsage(stores.All, usage => usage.Bytes), "By", "Footprint of the values held.");
        meter.CreateObservableGauge(
            "kad.value.kept", () => MeasureUsage(stores.All, usage => usage.Kept), "{key}", "Items that are kept for their owners.");
        meter.CreateObservableCounter(
            "kad.value.evicted",
            () => new[]
            {
                MeasureEvicted(stores.All, "Far", turnover => turnover.EvictedFar),
                MeasureEvicted(stores.All, "Near", turnover => turnover.EvictedNear),
            },
            "{value}",
            "Values evicted so that others had room, by class.");
        meter.CreateObservableCounter(
            "kad.value.changed",
            () => stores.All.Sum(store => store.Turnover.Changed),
            "{value}",
            "Live values replaced by another source than the one that stored them.");
    });

    public static WatchedParts<SweepWatch> Sweeps { get; } = new(static (meter, sweeps) =>
    {
        meter.CreateObservableGauge(
            "kad.sweep.waiting",
            () => IfAny(sweeps.All, all => all.Sum(sweep => sweep.Read().Waiting)),
            "{value}",
            "Values that wait to be sent again.");
        meter.CreateObservableGauge(
            "kad.sweep.overdue",
            () => IfAny(sweeps.All, all => all.Max(sweep => sweep.Read().Overdue.TotalSeconds)),
            "s",
            "How far beyond its interval the most overdue value is that waits.");
        meter.CreateObservableGauge(
            "kad.sweep.missed",
            () => IfAny(sweeps.All, all => all.Count(sweep => sweep.Read().MissesInterval)),
            "{node}",
            "Nodes of which a value waits for so long that its interval is missed.");
        meter.CreateObservableGauge(
            "kad.sweep.lateness",
            () => IfAny(sweeps.All, all => all.Max(sweep => sweep.Read().Lateness.TotalSeconds)),
            "s",
            "How far beyond its interval the most overdue value was that the last sweep sent.");
        meter.CreateObservableGauge(
            "kad.sweep.left_out",
            () => IfAny(sweeps.All, all => all.Sum(sweep => sweep.Read().LeftOut)),
            "{contact}",
            "Contacts left out of upkeep, as they answered none of several STOREs.");
    });

    private static IEnumerable<Measurement<TValue>> IfAny<TPart, TValue>(TPart[] parts, Func<TPart[], TValue> measure)
        where TValue : struct => parts.Length == 0 ? [] : [new Measurement<TValue>(measure(parts))];

    // At most NodeId.BitLength series; a prefix length without contacts has none.
    private static IEnumerable<Measurement<int>> MeasureContacts(Reachability[] nodes) => nodes
        .Select(node => node.Table.Snapshot)
        .SelectMany(snapshot => snapshot.Contacts.Select(contact => snapshot.OwnId.CommonPrefixLength(contact.Id)))
        .CountBy(length => length)
        .Select(count => new Measurement<int>(count.Value, new KeyValuePair<string, object?>("kad.prefix.length", count.Key)));

    // Leaves out a store whose usage is not at hand: a gauge must not wait.
    private static IEnumerable<Measurement<long>> MeasureUsage(IKeyStore[] stores, Func<KeyStoreUsage, long> part) => IfAny(
        [.. stores
            .Select(store => store.GetUsageAsync().AsTask())
            .Where(usage => usage.IsCompletedSuccessfully)
            .Select(usage => usage.Result)],
        (KeyStoreUsage[] known) => known.Sum(part));

    private static Measurement<long> MeasureEvicted(IKeyStore[] stores, string name, Func<StoreTurnover, long> part) =>
        new(stores.Sum(store => part(store.Turnover)), new KeyValuePair<string, object?>("kad.eviction.class", MetricTags.Value(name)));
}

/// <summary>Parts of the process's nodes that instruments report on. The first part creates the instruments.</summary>
internal sealed class WatchedParts<T>(Action<Meter, WatchedParts<T>> create)
    where T : class
{
    private readonly ConcurrentDictionary<T, byte> _parts = new(1, 31);
    private int _created;

    public T[] All => [.. _parts.Keys];

    public void Watch(T? part)
    {
        if (part is not null && _parts.TryAdd(part, 0) && Interlocked.Exchange(ref _created, 1) == 0)
        {
            create(NodeMetrics.Meter, this);
        }
    }

    public bool Forget(T? part) => part is not null && _parts.TryRemove(part, out _);
}
