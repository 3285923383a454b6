namespace KadOrleans.Lab;

/// <summary>A run of <c>kad-lab upkeep</c> as JSON and as a table, with the same measures.</summary>
internal static class UpkeepOutput
{
    public static JsonObject ToJson(UpkeepReport report) => ReportJson.Of(new
    {
        report.Settings.Nodes,
        report.Settings.Values,
        Dead = report.Settings.Dead * 100,
        Churn = report.Settings.Churn * 100,
        report.Settings.Bytes,
        report.Settings.Upload,
        Hours = report.Settings.Duration.TotalHours,
        Spread = report.Settings.IsOfOne ? (double?)null : report.Settings.Spread.TotalMinutes,
        report.Settings.Seed,
        Own = report.Settings.IsOwn,
        Alone = report.Settings.IsAlone,
        SimulatedSeconds = report.Simulated.TotalSeconds,
        report.LiveNodes,
        Sent = report.Sends.Republished,
        SentAgain = report.Sends.Repeated,
        SentByCounter = report.Counted,
        report.Lookups,
        report.LookupsPerValue,
        report.Sends.Stores,
        HandOffStores = report.Sends.Stores - report.Sends.StoresOfRepublished,
        report.StoresPerRepublish,
        report.StoresPerValueAndHour,
        report.StoresPerValueByHour,
        Datagrams = report.Traffic.Total,
        DatagramsByKind = new
        {
            report.Traffic.Ping,
            report.Traffic.FindNode,
            report.Traffic.FindValue,
            report.Traffic.Store,
            report.Traffic.Answers,
        },
        DatagramsLeftOut = report.Traffic.LeftOut,
        report.DatagramsPerStore,
        HeldByTrueNearest = new { report.Held.Mean, report.Held.End, report.Held.WorstPercent, EachQuarter = report.Held.Means },
        ContactsThatLeft = report.Left,
        report.Lost,
        Lateness = Of(report.Sends.Lateness),
        ValuesPerSecond = new
        {
            BusiestMinute = report.Sends.MostPerSecond,
            UntilAllSent = RateOfOne(report),
        },
        report.Machine.ProcessorSeconds,
        report.Machine.WallSeconds,
        report.Machine.Gigabytes,
    })!.AsObject();

    public static void Print(UpkeepReport report, ResultPrinter printer)
    {
        var (settings, sends, traffic, held, machine) = (report.Settings, report.Sends, report.Traffic, report.Held, report.Machine);
        printer.Table(
            ["Measure", "Value"],
            [
                ["nodes", $"{settings.Nodes}, of which {report.LiveNodes} answer at the end"],
                ["values", $"{settings.Values} of {settings.Bytes} bytes{(settings.IsOwn ? ", own publications of one node" : settings.IsAlone ? ", held by one node" : string.Empty)}"],
                ["simulated", report.Simulated.ToString("d\\.hh\\:mm\\:ss", CultureInfo.InvariantCulture)],
                ["values sent", $"{sends.Republished}, of which {sends.Repeated} again within half an interval"],
                ["held values sent, by counters", $"{report.Counted}"],
                ["lookups", Text($"{report.Lookups}, {report.LookupsPerValue:0.000} for each value sent")],
                ["STOREs", $"{sends.Stores}, of which {sends.Stores - sends.StoresOfRepublished} are hand-offs"],
                ["STOREs for each value sent", Text($"{report.StoresPerRepublish:0.00}")],
                ["STOREs for each value and hour", Text($"{report.StoresPerValueAndHour:0.00}")],
                ["by hour", Join(report.StoresPerValueByHour, "0.00")],
                ["datagrams", $"{traffic.Total}, beside {traffic.LeftOut} of joins and STUN"],
                ["PING", $"{traffic.Ping}"],
                ["FIND_NODE", $"{traffic.FindNode}"],
                ["FIND_VALUE", $"{traffic.FindValue}"],
                ["STORE", $"{traffic.Store}"],
                ["answers", $"{traffic.Answers}"],
                ["datagrams for each of a STORE", Text($"{report.DatagramsPerStore:0.00}")],
                ["true k nearest that hold it", Text($"{held.Mean:0.0000} on average, {held.WorstPercent:0.0000} of the worst 1 %")],
                ["each quarter of an hour", Join(held.Means, "0.0000")],
                ["contacts in tables that have left", Join(report.Left, "0.0000")],
                ["values lost", $"{report.Lost}"],
                ["lateness", Text($"{sends.Lateness.Mean:0.0} s on average, p99 {sends.Lateness.P99:0.0} s, {sends.Lateness.Max:0.0} s at most")],
                ["values a second of one node", Text($"{sends.MostPerSecond:0.0} in its busiest minute{Until(RateOfOne(report))}")],
                ["processor", Text($"{machine.ProcessorSeconds:0.0} s, {machine.WallSeconds:0.0} s by the clock")],
                ["memory", Text($"{machine.Gigabytes:0.00} GB at most")],
            ]);
    }

    private static string Join(IEnumerable<double> numbers, string format) =>
        string.Join(", ", numbers.Select(number => number.ToString(format, CultureInfo.InvariantCulture)));

    private static string Until(double? rate) => rate is null ? string.Empty : Text($", {rate:0.0} until all were sent");

    private static object Of(Distribution seconds) => new { seconds.Mean, seconds.P99, Most = seconds.Max };

    private static double? RateOfOne(UpkeepReport report) => report.Settings.IsOfOne && report.Sends.SentOnceAt > TimeSpan.Zero
        ? report.Sends.SentOnce / report.Sends.SentOnceAt.TotalSeconds
        : null;

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
