using System.Globalization;
using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Campaigns;

/// <summary>What came of one fault.</summary>
internal sealed record FaultRow
{
    public required string Kind { get; init; }

    public required string Target { get; init; }

    public required double Seconds { get; init; }

    public required double SecondsToHealth { get; init; }

    public required int Acknowledged { get; init; }

    public required int AcknowledgedLate { get; init; }

    public required int Lost { get; init; }

    public required int Undone { get; init; }

    /// <summary>Answers meanwhile that were older than what was acknowledged when they were asked for.</summary>
    public required int Stale { get; init; }

    public required int Restarts { get; init; }

    public required bool IsHealthy { get; init; }

    /// <summary>The longest silence in seconds by call, at any edge that the fault did not befall.</summary>
    public required IReadOnlyDictionary<string, double> Silence { get; init; }

    /// <summary>The same of the edge that the fault befell; null where it was no edge.</summary>
    public required IReadOnlyDictionary<string, double>? TargetSilence { get; init; }

    public bool IsGood => Lost == 0 && Undone == 0 && IsHealthy;

    public static IReadOnlyDictionary<string, double> SilenceOf(IEnumerable<SilenceGauge> gauges, TimeSpan now)
    {
        var of = gauges.ToArray();
        return CallKinds.All.ToDictionary(
            CallKinds.NameOf, kind => of.Length == 0 ? 0 : Math.Round(of.Max(gauge => gauge.Longest(kind, now)).TotalSeconds, 1));
    }
}

/// <summary>A campaign's rows as Markdown.</summary>
internal static class CampaignTable
{
    public static void Write(TextWriter output, IReadOnlyList<FaultRow> rows)
    {
        var kinds = CallKinds.All.Select(CallKinds.NameOf).ToArray();
        output.WriteLine("Silence is in seconds: the longest of any edge that the fault did not befall.");
        output.WriteLine();
        output.WriteLine(
            $"| fault | target | s | s to health | acknowledged | late | lost | undone | stale | restarts | {string.Join(" | ", kinds.Select(kind => $"{kind} silent"))} |");
        output.WriteLine($"|---|---|{string.Concat(Enumerable.Repeat("---|", 8 + kinds.Length))}");
        foreach (var row in rows)
        {
            var silence = string.Join(" | ", kinds.Select(kind => row.Silence[kind].ToString("F1", CultureInfo.InvariantCulture)));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Kind} | {row.Target} | {row.Seconds:F1} | {(row.IsHealthy ? string.Empty : "not ")}{row.SecondsToHealth:F1} | {row.Acknowledged} | {row.AcknowledgedLate} | {row.Lost} | {row.Undone} | {row.Stale} | {row.Restarts} | {silence} |"));
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| all {rows.Count} | | | | {rows.Sum(row => row.Acknowledged)} | {rows.Sum(row => row.AcknowledgedLate)} | {rows.Sum(row => row.Lost)} | {rows.Sum(row => row.Undone)} | {rows.Sum(row => row.Stale)} | {rows.Sum(row => row.Restarts)} | {Worst(rows, kinds)} |"));
    }

    private static string Worst(IReadOnlyList<FaultRow> rows, IEnumerable<string> kinds) => string.Join(
        " | ", kinds.Select(kind => rows.Select(row => row.Silence[kind]).DefaultIfEmpty().Max().ToString("F1", CultureInfo.InvariantCulture)));
}
