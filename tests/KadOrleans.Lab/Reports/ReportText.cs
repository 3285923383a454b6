using System.Globalization;
using KadOrleans.Cli.Output;
using KadOrleans.Simulation;
using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Lab.Reports;

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
