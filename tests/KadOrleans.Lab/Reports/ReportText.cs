using System.Text.Json.Serialization;

namespace KadOrleans.Lab;

/// <summary>A report for people: a table of measures, then tables of buckets and of traffic.</summary>
internal static class ReportText
{
    public static void Print(SimulationReport report, ResultPrinter printer)
    {
        printer.Line($"{report.LiveNodes} honest nodes answer at the end; {report.Simulated:d\\.hh\\:mm\\:ss} simulated.");
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
        printer.Line($"Lookups: {report.Lookups}; the nearest node found in {report.Success:0.00%}, exactly the nearest k in {report.Exact:0.00%}.");
        printer.Table(["Per lookup", "Mean", "p50", "p99", "Max"],
        [
            Row("hops", report.Hops, "0.00"),
            Row("requests", report.Requests, "0.00"),
            Row("seconds", report.Seconds, "0.000"),
        ]);
        if (report.Size is { } size)
        {
            printer.Line($"Size by the last {size.Lookups} of them: {size.Nodes:0} nodes, standard error {size.StandardError:0}.");
        }
    }

    private static void PrintValues(SimulationReport report, ResultPrinter printer)
    {
        var values = report.Values;
        printer.Line($"Values: {values.Set} set, {values.Looks} looks, {values.Misses} did not find a living value; {values.Lost} lost.");
        printer.Line($"Holders of a living value: {values.Holders.Mean:0.0} (median {values.Holders.P50:0}, most {values.Holders.Max:0}), of the worst {values.FewestHolders}.");
        printer.Line($"Lives over: {values.Ended}, of which {values.Outlived} were outlived; copies end {values.EarliestEnd.TotalSeconds:0.0} to {values.LatestEnd.TotalSeconds:0.0} s after the value's life.");
        printer.Line($"Republished by holders: {values.Republished}, {report.PerNodeAndHour(values.Republished):0.000} per node and hour.");
    }

    private static void PrintTables(TableFill fill, ResultPrinter printer)
    {
        printer.Line($"Tables ({fill.Sampled} looked at): {fill.Contacts.Mean:0.0} contacts (median {fill.Contacts.P50:0}, most {fill.Contacts.Max:0}), {fill.FullShare:0.0%} of the k-buckets full.");
        printer.Table(
            ["Prefix bits", "Buckets", "Contacts each", "Full"],
            [.. fill.ByDepth.Select(of => new[] { $"{of.Depth}", $"{of.Buckets:0.00}", $"{of.Contacts:0.0}", $"{of.FullShare:0.0%}" })]);
    }

    private static void PrintTraffic(SimulationReport report, ResultPrinter printer)
    {
        printer.Line("Traffic, answers counted with their requests:");
        printer.Table(["Type", "Requests", "Datagrams", "Bytes", "Datagrams/node/h", "Bytes/node/h"],
        [
            .. report.Traffic.Select(pair => Row(pair.Key.ToString(), pair.Value, report)),
            Row("Other", report.OtherTraffic, report),
            Row("All", report.TotalTraffic, report),
        ]);
    }

    private static string[] Row(string name, Distribution numbers, string format) =>
    [
        name, .. new[] { numbers.Mean, numbers.P50, numbers.P99, numbers.Max }.Select(n => n.ToString(format, CultureInfo.InvariantCulture)),
    ];

    private static string[] Row(string name, TrafficCount count, SimulationReport report) =>
    [
        name,
        $"{count.Requests}",
        $"{count.Datagrams}",
        $"{count.Bytes}",
        $"{report.PerNodeAndHour(count.Datagrams):0.0}",
        $"{report.PerNodeAndHour(count.Bytes):0}",
    ];
}

/// <summary>A report as JSON. Shares are 0 to 1; times are seconds of virtual time.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions Rounded = new(JsonSerializerDefaults.Web) { Converters = { new RoundingConverter() } };

    public static JsonObject Create(SimulationReport report) => new()
    {
        ["settings"] = Settings(report.Settings),
        ["simulatedSeconds"] = report.Simulated.TotalSeconds,
        ["liveNodes"] = report.LiveNodes,
        ["lookups"] = Of(new { Count = report.Lookups, report.Success, report.Exact, report.Hops, report.Requests, report.Seconds }),
        ["size"] = NetworkSizeJson.Create(report.Size),
        ["values"] = Values(report),
        ["tables"] = Of(new
        {
            report.Tables.Sampled,
            report.Tables.Contacts,
            FullBuckets = report.Tables.FullShare,
            ByDepth = report.Tables.ByDepth.Select(of => new { of.Depth, of.Buckets, ContactsPerBucket = of.Contacts, Full = of.FullShare }),
        }),
        ["traffic"] = new JsonObject(report.Traffic
            .Select(pair => (Name: JsonNamingPolicy.CamelCase.ConvertName(pair.Key.ToString()), Count: pair.Value))
            .Prepend((Name: "total", Count: report.TotalTraffic))
            .Append((Name: "other", Count: report.OtherTraffic))
            .Select(pair => KeyValuePair.Create(pair.Name, Count(pair.Count, report)))),
    };

    private static JsonObject Settings(SimulationSettings settings) => ResultJson.Of(new
    {
        settings.Nodes,
        settings.Seed,
        settings.Network.Loss,
        MinLatencySeconds = settings.Network.MinDelay.TotalSeconds,
        MaxLatencySeconds = settings.Network.MaxDelay.TotalSeconds,
        ChurnPerHour = settings.Churn,
        settings.Dead,
        settings.Liars,
        Paths = settings.Kademlia.DisjointPaths,
        settings.Lookups,
        Hours = settings.Duration.TotalHours,
        settings.Values,
        LookIntervalHours = settings.LookInterval.TotalHours,
        RefreshIntervalHours = settings.Kademlia.BucketRefreshInterval.TotalHours,
        WalkIntervalSeconds = settings.RandomWalk.AutoRefresh ? settings.RandomWalk.Interval.TotalSeconds : 0,
        Join = settings.BuildsByJoins,
    });

    private static JsonNode? Values(SimulationReport report) => Of(new
    {
        report.Values.Set,
        report.Values.Looks,
        report.Values.Misses,
        report.Values.Lost,
        report.Values.Holders,
        report.Values.FewestHolders,
        report.Values.Ended,
        report.Values.Outlived,
        EarliestEndSeconds = report.Values.EarliestEnd.TotalSeconds,
        LatestEndSeconds = report.Values.LatestEnd.TotalSeconds,
        report.Values.Republished,
        RepublishedPerNodeAndHour = report.PerNodeAndHour(report.Values.Republished),
    });

    private static JsonNode? Count(TrafficCount count, SimulationReport report) => Of(new
    {
        count.Requests,
        count.Answers,
        count.Datagrams,
        count.Bytes,
        DatagramsPerNodeAndHour = report.PerNodeAndHour(count.Datagrams),
        BytesPerNodeAndHour = report.PerNodeAndHour(count.Bytes),
    });

    internal static JsonNode? Of<T>(T part) => JsonSerializer.SerializeToNode(part, Rounded);

    private sealed class RoundingConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(Math.Round(value, 6));
    }
}
