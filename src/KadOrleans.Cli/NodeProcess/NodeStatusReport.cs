using System.Text.Json;

namespace KadOrleans.Cli;

internal static class NodeStatusReport
{
    public static JsonNode Create(NodeStatus status, DateTimeOffset startedAt, DateTimeOffset now, RateMeter rates)
    {
        var (over, perSecond) = rates.Read(status.Counts);
        var report = new
        {
            Id = status.Id.ToString(),
            Listening = status.Listening.Select(endpoint => endpoint.ToString()),
            StartedAt = Time(startedAt),
            UptimeSeconds = Math.Round((now - startedAt).TotalSeconds, 3),
            Contacts = status.Buckets.Sum(bucket => bucket.Count),
            NetworkSize = NetworkSizeJson.Create(status.NetworkSize),
            status.Usage.Keys,
            status.Usage.Bytes,
            status.Usage.Kept,
            status.StorageProblem,
            Clock = new { status.Clock.Agrees, AheadSeconds = Math.Round(status.Clock.Ahead.TotalSeconds, 3) },
            Evicted = new { Far = status.Turnover.EvictedFar, Near = status.Turnover.EvictedNear },
            status.Turnover.Changed,
            ChangedBySource = status.TopChanges.Select(
                source => new { Source = source.Source.ToText(), Proven = source.Source.IsProven, Values = source.Changed }),
            GarbageCollections = new { Gen0 = GC.CollectionCount(0), Gen1 = GC.CollectionCount(1), Gen2 = GC.CollectionCount(2) },
            Totals = status.Counts,
            Rates = new { OverSeconds = Math.Round(over.TotalSeconds, 3), PerSecond = perSecond },
            Buckets = status.Buckets.Select(bucket => new
            {
                Prefix = bucket.Prefix.ToString(),
                bucket.Depth,
                Contacts = bucket.Count,
                bucket.Replacements,
                LastLookup = Time(bucket.LastLookup),
            }),
        };
        return JsonSerializer.SerializeToNode(report, JsonSerializerOptions.Web)!;
    }

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
