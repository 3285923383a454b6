using System.Globalization;
using System.Text.Json.Nodes;

namespace KadOrleans.Lab;

/// <summary>A report for people: a table of measures, then tables of buckets and of traffic.</summary>
internal static class ReportText
{
    public static void Print(SimulationReport report, ResultPrinter printer)
    {
        printer.Line(Invariant($"{report.LiveNodes} honest nodes answer at the end; {report.Simulated:d\\.hh\\:mm\\:ss} simulated."));
        if (report.Lookups > 0)
        {
            PrintLookups(report, printer);
        }

        if (report.Settings.Values > 0)
        {
            PrintValues(report, printer);
        }

        PrintTables(report.Tables, printer);
        PrintTraffic(report, printer);
    }

    private static void PrintLookups(SimulationReport report, ResultPrinter printer)
    {
        printer.Line(Invariant($"Lookups: {report.Lookups}; the nearest node found in {report.Success:0.00%}, exactly the nearest k in {report.Exact:0.00%}."));
        printer.Table(["Per lookup", "Mean", "p50", "p99", "Max"],
        [
            Row("hops", report.Hops, "0.00"),
            Row("requests", report.Requests, "0.00"),
            Row("seconds", report.Seconds, "0.000"),
        ]);
        if (report.Size is { } size)
        {
            printer.Line(Invariant($"Size by the last {size.Lookups} of them: {size.Nodes:0} nodes, standard error {size.StandardError:0}."));
        }
    }

    private static void PrintValues(SimulationReport report, ResultPrinter printer)
    {
        var values = report.Values;
        printer.Line(Invariant($"Values: {values.Set} set, {values.Looks} looks, {values.Misses} did not find a living value; {values.Lost} lost."));
        printer.Line(Invariant($"Holders of a living value: {values.Holders.Mean:0.0} (median {values.Holders.P50:0}, most {values.Holders.Max:0}), of the worst {values.FewestHolders}."));
        printer.Line(Invariant($"Lives over: {values.Ended}, of which {values.Outlived} were outlived; copies end {values.EarliestEnd.TotalSeconds:0.0} to {values.LatestEnd.TotalSeconds:0.0} s after the value's life."));
        printer.Line(Invariant($"Republished by holders: {values.Republished}, {report.PerNodeAndHour(values.Republished):0.000} per node and hour."));
    }

    private static void PrintTables(TableFill fill, ResultPrinter printer)
    {
        printer.Line(Invariant($"Tables ({fill.Sampled} looked at): {fill.Contacts.Mean:0.0} contacts (median {fill.Contacts.P50:0}, most {fill.Contacts.Max:0}), {fill.FullShare:0.0%} of the k-buckets full."));
        printer.Table(["Prefix bits", "Buckets", "Contacts each", "Full"], [.. fill.ByDepth.Select(depth => new[]
        {
            Invariant($"{depth.Depth}"),
            Invariant($"{depth.Buckets:0.00}"),
            Invariant($"{depth.Contacts:0.0}"),
            Invariant($"{depth.FullShare:0.0%}"),
        })]);
    }

    private static void PrintTraffic(SimulationReport report, ResultPrinter printer)
    {
        printer.Line("Traffic, answers counted with their requests:");
        var rows = report.Traffic.Select(pair => Row(pair.Key.ToString(), pair.Value, report)).ToList();
        rows.Add(Row("Other", report.OtherTraffic, report));
        rows.Add(Row("All", report.TotalTraffic, report));
        printer.Table(["Type", "Requests", "Datagrams", "Bytes", "Datagrams/node/h", "Bytes/node/h"], rows);
    }

    private static string[] Row(string name, Distribution numbers, string format) =>
    [
        name, .. new[] { numbers.Mean, numbers.P50, numbers.P99, numbers.Max }.Select(n => n.ToString(format, CultureInfo.InvariantCulture)),
    ];

    private static string[] Row(string name, TrafficCount count, SimulationReport report) =>
    [
        name,
        Invariant($"{count.Requests}"),
        Invariant($"{count.Datagrams}"),
        Invariant($"{count.Bytes}"),
        Invariant($"{report.PerNodeAndHour(count.Datagrams):0.0}"),
        Invariant($"{report.PerNodeAndHour(count.Bytes):0}"),
    ];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

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
        ["join"] = settings.BuildsByJoins,
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
