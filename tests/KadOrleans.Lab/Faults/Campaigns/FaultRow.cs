namespace KadOrleans.Lab;

/// <summary>
/// What came of one fault, and what was counted since the check before. Seconds to health begin with the end of the fault. Silence is the
/// longest in seconds by call, at any edge that the fault did not befall.
/// </summary>
public sealed record FaultRow(
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

/// <summary>
/// STOREs that were acknowledged, late ones after a later version was sent. Stale are answers older than what was acknowledged when they
/// were asked for. Restarts are those of processes that ended by themselves.
/// </summary>
public readonly record struct CampaignCounts(int Acknowledged, int Late, int Stale, int Restarts)
{
    public static CampaignCounts operator -(CampaignCounts left, CampaignCounts right) => new(
        left.Acknowledged - right.Acknowledged, left.Late - right.Late, left.Stale - right.Stale, left.Restarts - right.Restarts);
}

/// <summary>A campaign's rows as Markdown.</summary>
public static class CampaignTable
{
    public static void Write(TextWriter output, IReadOnlyList<FaultRow> rows)
    {
        var kinds = CallKinds.All.Select(CallKinds.NameOf).ToArray();
        output.WriteLine("Silence is in seconds: the longest of any edge that the fault did not befall.");
        output.WriteLine();
        MarkdownTable.Write(
            output,
            ["fault", "target", "s", "s to health", "acknowledged", "late", "lost", "undone", "stale", "restarts", .. kinds.Select(kind => $"{kind} silent")],
            [
                .. rows.Select(row => (string[])
                [
                    row.Kind, row.Target, $"{row.Seconds:F1}", $"{(row.IsHealthy ? null : "not ")}{row.SecondsToHealth:F1}", .. Figures([row], kinds),
                ]),
                [$"all {rows.Count}", "", "", "", .. Figures(rows, kinds)],
            ]);
    }

    private static string[] Figures(IReadOnlyList<FaultRow> rows, string[] kinds)
    {
        int[] sums =
        [
            rows.Sum(row => row.Acknowledged),
            rows.Sum(row => row.Counts.Late),
            rows.Sum(row => row.Check.Lost),
            rows.Sum(row => row.Check.Undone),
            rows.Sum(row => row.Counts.Stale),
            rows.Sum(row => row.Counts.Restarts),
        ];
        return [.. sums.Select(sum => $"{sum}"), .. kinds.Select(kind => $"{rows.Select(row => row.Silence[kind]).DefaultIfEmpty().Max():F1}")];
    }
}
