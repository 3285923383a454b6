using System.Globalization;
using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Campaigns;

/// <summary>A campaign's rows as Markdown.</summary>
internal static class CampaignTable
{
    /// <summary>Writes a row for each fault and a sum.</summary>
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
