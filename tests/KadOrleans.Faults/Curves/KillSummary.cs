using System.Globalization;
using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Curves;

/// <summary>What one silo's death did to a curve.</summary>
internal sealed record KillSummary
{
    // So many good seconds in a row are a recovery.
    private const int Row = 3;
    private const double Good = 0.95;

    /// <summary>Which silo.</summary>
    public required string Silo { get; init; }

    /// <summary>How many shards each silo had before, in the order of the silos' ports; empty if that is not known.</summary>
    public required IReadOnlyList<int> Shards { get; init; }

    /// <summary>The least share of FIND_VALUE answered in a second, until the silo was started again.</summary>
    public required double LeastFindValue { get; init; }

    /// <summary>The least share of STORE acknowledged in a second, until the silo was started again.</summary>
    public required double LeastStore { get; init; }

    /// <summary>The least share of either after the silo was started again.</summary>
    public required double LeastAfterStart { get; init; }

    /// <summary>Seconds in which neither was answered at all.</summary>
    public required int SilentSeconds { get; init; }

    /// <summary>Seconds from the kill until at least 95 % of STORE is acknowledged, three seconds in a row; null if never.</summary>
    public required int? SecondsToStore { get; init; }

    /// <summary>Looks at the seconds from a kill to the next.</summary>
    /// <param name="counts">The curve.</param>
    /// <param name="killed">The second of the kill.</param>
    /// <param name="started">The second of the silo's start.</param>
    /// <param name="end">The second of the next kill, or of the end.</param>
    /// <param name="silo">Which silo.</param>
    /// <param name="shards">How many shards each silo had before.</param>
    public static KillSummary Of(SecondCounts counts, int killed, int started, int end, string silo, IReadOnlyList<int> shards) => new()
    {
        Silo = silo,
        Shards = shards,
        LeastFindValue = Least(counts, killed, started, CallKind.FindValue),
        LeastStore = Least(counts, killed, started, CallKind.Store),
        LeastAfterStart = Math.Min(Least(counts, started, end, CallKind.FindValue), Least(counts, started, end, CallKind.Store)),
        SilentSeconds = Enumerable.Range(killed, Math.Max(0, end - killed)).Count(second =>
            counts.Of(second, CallKind.FindValue).Share == 0 && counts.Of(second, CallKind.Store).Share == 0),
        SecondsToStore = Recovered(counts, killed, end) - killed,
    };

    /// <summary>Writes a row for each kill, as Markdown.</summary>
    public static void Write(TextWriter output, IEnumerable<KillSummary> kills)
    {
        output.WriteLine("| killed | shards by silo before | least FIND_VALUE | least STORE | STORE at 95 % after | silent | least after its start |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var kill in kills)
        {
            var shards = kill.Shards.Count == 0 ? "–" : string.Join(", ", kill.Shards);
            var recovery = kill.SecondsToStore is { } seconds ? $"{seconds.ToString(CultureInfo.InvariantCulture)} s" : "never";
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {kill.Silo} | {shards} | {100 * kill.LeastFindValue:F0} % | {100 * kill.LeastStore:F0} % | {recovery} | {kill.SilentSeconds} s | {100 * kill.LeastAfterStart:F0} % |"));
        }
    }

    private static double Least(SecondCounts counts, int from, int to, CallKind kind) =>
        Enumerable.Range(from, Math.Max(0, to - from)).Select(second => counts.Of(second, kind).Share).DefaultIfEmpty(1).Min();

    // The kill falls into a second that may still be good.
    private static int? Recovered(SecondCounts counts, int killed, int end)
    {
        for (var second = killed + 1; second + Row <= end; second++)
        {
            if (Enumerable.Range(second, Row).All(next => counts.Of(next, CallKind.Store).Share >= Good))
            {
                return second;
            }
        }

        return null;
    }
}
