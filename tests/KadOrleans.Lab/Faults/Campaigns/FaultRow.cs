using System.Globalization;

namespace KadOrleans.Lab;

/// <summary>What came of one fault.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Target">To what.</param>
/// <param name="Seconds">How long it was frozen or away.</param>
/// <param name="SecondsToHealth">From the end of the fault until all was healthy.</param>
/// <param name="IsHealthy">Whether all became healthy in time.</param>
/// <param name="Counts">What was counted since the check before, or the start.</param>
/// <param name="Check">What became of the keys.</param>
/// <param name="Silence">The longest silence in seconds by call, at any edge that the fault did not befall.</param>
internal sealed record FaultRow(
    string Kind,
    string Target,
    double Seconds,
    double SecondsToHealth,
    bool IsHealthy,
    CampaignCounts Counts,
    CheckResult Check,
    IReadOnlyDictionary<string, double> Silence)
{
    public int Acknowledged => Counts.Acknowledged;

    public bool IsGood => Check == default && IsHealthy;
}

/// <summary>What a campaign counts.</summary>
/// <param name="Acknowledged">STOREs acknowledged.</param>
/// <param name="Late">Of these, acknowledged after a later version was sent.</param>
/// <param name="Stale">Answers that were older than what was acknowledged when they were asked for.</param>
/// <param name="Restarts">Processes that ended by themselves and were started again.</param>
internal readonly record struct CampaignCounts(int Acknowledged, int Late, int Stale, int Restarts)
{
    public static CampaignCounts operator -(CampaignCounts left, CampaignCounts right) => new(
        left.Acknowledged - right.Acknowledged, left.Late - right.Late, left.Stale - right.Stale, left.Restarts - right.Restarts);
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
                $"| {row.Kind} | {row.Target} | {row.Seconds:F1} | {(row.IsHealthy ? string.Empty : "not ")}{row.SecondsToHealth:F1} | {row.Acknowledged} | {row.Counts.Late} | {row.Check.Lost} | {row.Check.Undone} | {row.Counts.Stale} | {row.Counts.Restarts} | {silence} |"));
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| all {rows.Count} | | | | {rows.Sum(row => row.Acknowledged)} | {rows.Sum(row => row.Counts.Late)} | {rows.Sum(row => row.Check.Lost)} | {rows.Sum(row => row.Check.Undone)} | {rows.Sum(row => row.Counts.Stale)} | {rows.Sum(row => row.Counts.Restarts)} | {Worst(rows, kinds)} |"));
    }

    private static string Worst(IReadOnlyList<FaultRow> rows, IEnumerable<string> kinds) => string.Join(
        " | ", kinds.Select(kind => rows.Select(row => row.Silence[kind]).DefaultIfEmpty().Max().ToString("F1", CultureInfo.InvariantCulture)));
}
