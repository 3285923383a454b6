using System.Globalization;
using System.Text.Json.Nodes;

namespace KadOrleans.Faults.Clusters;

/// <summary>Reads how many shards each silo has from what Orleans' dashboard tells.</summary>
internal static class ShardCounts
{
    /// <summary>The port and the count of each active silo, in the order of their addresses.</summary>
    public static IReadOnlyList<(int Port, int Shards)> Read(JsonNode counters)
    {
        var shards = counters["simpleGrainStats"]!.AsArray()
            .Where(row => ((string)row!["grainType"]!).Contains("KeyShardGrain", StringComparison.Ordinal))
            .ToLookup(row => (string)row!["siloAddress"]!, row => (int)row!["activationCount"]!);
        return [.. counters["hosts"]!.AsArray()
            .Where(host => (string)host!["status"]! == "Active")
            .Select(host => (string)host!["siloAddress"]!)
            .Order(StringComparer.Ordinal)
            .Select(silo => (PortOf(silo), shards[silo].Sum()))];
    }

    // Such as 127.0.0.1:11111@123456789.
    private static int PortOf(string silo) => int.Parse(silo.Split(':')[^1].Split('@')[0], CultureInfo.InvariantCulture);
}
