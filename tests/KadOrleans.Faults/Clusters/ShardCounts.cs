using System.Text.Json.Nodes;

namespace KadOrleans.Faults.Clusters;

/// <summary>Reads how many shards each silo has from what Orleans' dashboard tells.</summary>
internal static class ShardCounts
{
    /// <summary>The counts by the addresses of the active silos, in their order.</summary>
    public static IReadOnlyList<int> Read(JsonNode counters)
    {
        var shards = counters["simpleGrainStats"]!.AsArray()
            .Where(row => ((string)row!["grainType"]!).Contains("KeyShardGrain", StringComparison.Ordinal))
            .ToLookup(row => (string)row!["siloAddress"]!, row => (int)row!["activationCount"]!);
        return [.. counters["hosts"]!.AsArray()
            .Where(host => (string)host!["status"]! == "Active")
            .Select(host => (string)host!["siloAddress"]!)
            .Order(StringComparer.Ordinal)
            .Select(silo => shards[silo].Sum())];
    }
}
