using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KadOrleans.Node.Diagnostics;

namespace KadOrleans.Node.Clocks;

/// <summary>Reports how many of the process's standalone nodes do not believe the system's clock.</summary>
internal static class ClockGauge
{
    private static readonly ConcurrentDictionary<ExpiryTime, byte> Watched = new(1, 31);

    static ClockGauge() => NodeMetrics.Meter.CreateObservableGauge(
        "kad.clock.distrusted", Measure, "{node}", "Nodes whose values do not expire, as the system's clock jumped.");

    public static void Watch(ExpiryTime clock) => Watched.TryAdd(clock, 0);

    public static void Forget(ExpiryTime clock) => Watched.TryRemove(clock, out _);

    private static IEnumerable<Measurement<int>> Measure()
    {
        ExpiryTime[] clocks = [.. Watched.Keys];
        return clocks.Length == 0 ? [] : [new Measurement<int>(clocks.Count(clock => !clock.Status.Agrees))];
    }
}
