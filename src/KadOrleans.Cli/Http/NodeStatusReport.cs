using System.Globalization;
using KadOrleans.Core.Routing;
using KadOrleans.Hosting.Results;
using KadOrleans.Node;

namespace KadOrleans.Cli.Http;

/// <summary>Creates the response of /status.</summary>
internal static class NodeStatusReport
{
    public static JsonObject Create(NodeStatus status, DateTimeOffset startedAt, DateTimeOffset now, RateMeter rates)
    {
        var (over, perSecond) = rates.Read(status.Counts);
        return new JsonObject
        {
            ["id"] = status.Id.ToString(),
            ["listening"] = new JsonArray([.. status.Listening.Select(JsonNode? (e) => e.ToString())]),
            ["startedAt"] = Time(startedAt),
            ["uptimeSeconds"] = Math.Round((now - startedAt).TotalSeconds, 3),
            ["contacts"] = status.Buckets.Sum(b => b.Count),
            ["networkSize"] = NetworkSizeJson.Create(status.NetworkSize),
            ["keys"] = status.Usage.Keys,
            ["bytes"] = status.Usage.Bytes,
            ["storageProblem"] = status.StorageProblem,
            ["clock"] = new JsonObject
            {
                ["agrees"] = status.Clock.Agrees,
                ["aheadSeconds"] = Math.Round(status.Clock.Ahead.TotalSeconds, 3),
            },
            ["evicted"] = new JsonObject { ["far"] = status.Turnover.EvictedFar, ["near"] = status.Turnover.EvictedNear },
            ["changed"] = status.Turnover.Changed,
            ["changedBySource"] = new JsonArray([.. status.TopChanges.Select(JsonNode? (source) => new JsonObject
            {
                ["source"] = source.Source.ToText(),
                ["values"] = source.Changed,
            })]),
            ["garbageCollections"] = new JsonObject
            {
                ["gen0"] = GC.CollectionCount(0),
                ["gen1"] = GC.CollectionCount(1),
                ["gen2"] = GC.CollectionCount(2),
            },
            ["totals"] = new JsonObject(status.Counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
            ["rates"] = new JsonObject
            {
                ["overSeconds"] = Math.Round(over.TotalSeconds, 3),
                ["perSecond"] = new JsonObject(perSecond.Select(r => KeyValuePair.Create(r.Key, (JsonNode?)r.Value))),
            },
            ["buckets"] = new JsonArray([.. status.Buckets.Select(ToJson)]),
        };
    }

    private static JsonNode? ToJson(BucketSummary bucket) => new JsonObject
    {
        ["prefix"] = bucket.Prefix.ToString(),
        ["depth"] = bucket.Depth,
        ["contacts"] = bucket.Count,
        ["replacements"] = bucket.Replacements,
        ["lastLookup"] = Time(bucket.LastLookup),
    };

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
