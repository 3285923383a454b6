using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Diagnostics;

/// <summary>Reports what the key stores of the process's standalone nodes hold.</summary>
internal static class ValueGauges
{
    private static readonly ConcurrentDictionary<IKeyStore, byte> Watched = new(1, 31);

    static ValueGauges()
    {
        NodeMetrics.Meter.CreateObservableGauge(
            "kad.values.held", () => Measure(usage => usage.Keys), "{key}", "Keys held for the network.");
        NodeMetrics.Meter.CreateObservableGauge(
            "kad.values.size", () => Measure(usage => usage.Bytes), "By", "Footprint of the values held.");
        NodeMetrics.Meter.CreateObservableCounter(
            "kad.values.evicted",
            () => new[] { Evicted("Far", turnover => turnover.EvictedFar), Evicted("Near", turnover => turnover.EvictedNear) },
            "{value}",
            "Values evicted so that others had room, by class.");
        NodeMetrics.Meter.CreateObservableCounter(
            "kad.values.changed",
            () => Watched.Keys.Sum(store => store.Turnover.Changed),
            "{value}",
            "Live values replaced by another source than the one that stored them.");
    }

    public static void Watch(IKeyStore store) => Watched.TryAdd(store, 0);

    public static void Forget(IKeyStore store) => Watched.TryRemove(store, out _);

    private static IEnumerable<Measurement<long>> Measure(Func<KeyStoreUsage, long> part)
    {
        // A store that would have to ask others first is left out: nobody may wait here.
        KeyStoreUsage[] known = [.. Watched.Keys
            .Select(store => store.GetUsageAsync().AsTask())
            .Where(usage => usage.IsCompletedSuccessfully)
            .Select(usage => usage.Result)];
        return known.Length == 0 ? [] : [new Measurement<long>(known.Sum(part))];
    }

    private static Measurement<long> Evicted(string name, Func<StoreTurnover, long> part) => new(
        Watched.Keys.Sum(store => part(store.Turnover)), new KeyValuePair<string, object?>("kad.eviction.class", name));
}
