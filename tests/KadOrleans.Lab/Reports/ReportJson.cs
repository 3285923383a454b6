using System.Text.Json.Nodes;
using KadOrleans.Hosting.Results;
using KadOrleans.Simulation;
using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Lab.Reports;

/// <summary>A report as JSON. Shares are 0 to 1; times are seconds of virtual time.</summary>
internal static class ReportJson
{
    public static JsonObject Create(SimulationReport report) => new()
    {
        ["settings"] = Settings(report.Settings),
        ["simulatedSeconds"] = report.Simulated.TotalSeconds,
        ["liveNodes"] = report.LiveNodes,
        ["lookups"] = new JsonObject
        {
            ["count"] = report.Lookups,
            ["success"] = Round(report.Success),
            ["exact"] = Round(report.Exact),
            ["hops"] = Distribution(report.Hops),
            ["requests"] = Distribution(report.Requests),
            ["seconds"] = Distribution(report.Seconds),
        },
        ["size"] = NetworkSizeJson.Create(report.Size),
        ["values"] = Values(report),
        ["tables"] = Tables(report.Tables),
        ["traffic"] = Traffic(report),
    };

    private static JsonObject Settings(SimulationSettings settings) => new()
    {
        ["nodes"] = settings.Nodes,
        ["seed"] = settings.Seed,
        ["loss"] = settings.Network.Loss,
        ["minLatencySeconds"] = settings.Network.MinDelay.TotalSeconds,
        ["maxLatencySeconds"] = settings.Network.MaxDelay.TotalSeconds,
        ["churnPerHour"] = settings.Churn,
        ["dead"] = settings.Dead,
        ["liars"] = settings.Liars,
        ["paths"] = settings.Kademlia.DisjointPaths,
        ["lookups"] = settings.Lookups,
        ["hours"] = settings.Duration.TotalHours,
        ["values"] = settings.Values,
        ["lookIntervalHours"] = settings.LookInterval.TotalHours,
        ["refreshIntervalHours"] = settings.Kademlia.BucketRefreshInterval.TotalHours,
        ["walkIntervalSeconds"] = settings.RandomWalk.AutoRefresh ? settings.RandomWalk.Interval.TotalSeconds : 0,
        ["join"] = settings.Join || settings.Nodes <= SimulationSettings.AlwaysJoin,
    };

    private static JsonObject Values(SimulationReport report) => new()
    {
        ["set"] = report.Values.Set,
        ["looks"] = report.Values.Looks,
        ["misses"] = report.Values.Misses,
        ["lost"] = report.Values.Lost,
        ["holders"] = Distribution(report.Values.Holders),
        ["fewestHolders"] = report.Values.FewestHolders,
        ["ended"] = report.Values.Ended,
        ["outlived"] = report.Values.Outlived,
        ["earliestEndSeconds"] = Round(report.Values.EarliestEnd.TotalSeconds),
        ["latestEndSeconds"] = Round(report.Values.LatestEnd.TotalSeconds),
        ["republished"] = report.Values.Republished,
        ["republishedPerNodeAndHour"] = Round(report.PerNodeAndHour(report.Values.Republished)),
    };

    private static JsonObject Distribution(Distribution numbers) => new()
    {
        ["mean"] = Round(numbers.Mean),
        ["p50"] = Round(numbers.P50),
        ["p99"] = Round(numbers.P99),
        ["max"] = Round(numbers.Max),
    };

    private static JsonObject Tables(TableFill fill) => new()
    {
        ["sampled"] = fill.Sampled,
        ["contacts"] = Distribution(fill.Contacts),
        ["fullBuckets"] = Round(fill.FullShare),
        ["byDepth"] = new JsonArray([.. fill.ByDepth.Select(JsonNode? (depth) => new JsonObject
        {
            ["depth"] = depth.Depth,
            ["buckets"] = Round(depth.Buckets),
            ["contactsPerBucket"] = Round(depth.Contacts),
            ["full"] = Round(depth.FullShare),
        })]),
    };

    private static JsonObject Traffic(SimulationReport report)
    {
        var traffic = new JsonObject { ["total"] = Count(report.TotalTraffic, report) };
        foreach (var (kind, count) in report.Traffic)
        {
            traffic[char.ToLowerInvariant(kind.ToString()[0]) + kind.ToString()[1..]] = Count(count, report);
        }

        traffic["other"] = Count(report.OtherTraffic, report);
        return traffic;
    }

    private static JsonObject Count(TrafficCount count, SimulationReport report) => new()
    {
        ["requests"] = count.Requests,
        ["answers"] = count.Answers,
        ["datagrams"] = count.Datagrams,
        ["bytes"] = count.Bytes,
        ["datagramsPerNodeAndHour"] = Round(report.PerNodeAndHour(count.Datagrams)),
        ["bytesPerNodeAndHour"] = Round(report.PerNodeAndHour(count.Bytes)),
    };

    private static double Round(double number) => Math.Round(number, 6);
}
