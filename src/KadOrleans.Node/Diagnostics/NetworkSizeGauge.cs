using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KadOrleans.Node.Lookups;

namespace KadOrleans.Node.Diagnostics;

/// <summary>
/// Reports the estimated size of the network: one figure for the process, the median of what its nodes estimate, as all
/// of them are in the same network.
/// </summary>
internal static class NetworkSizeGauge
{
    private static readonly ConcurrentDictionary<NetworkSize, byte> Watched = new(1, 31);

    static NetworkSizeGauge() => NodeMetrics.Meter.CreateObservableGauge(
        "kad.network.size", Measure, "{node}", "Nodes in the network, estimated from lookups.");

    public static void Watch(NetworkSize size) => Watched.TryAdd(size, 0);

    public static void Forget(NetworkSize size) => Watched.TryRemove(size, out _);

    private static IEnumerable<Measurement<double>> Measure()
    {
        double[] estimates = [.. Watched.Keys.Select(size => size.Estimate?.Nodes).OfType<double>().Order()];
        return estimates.Length == 0 ? [] : [new Measurement<double>(estimates[estimates.Length / 2])];
    }
}
