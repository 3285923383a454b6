using System.Globalization;
using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Curves;

/// <summary>What a node that waits no longer than <see cref="SecondCounts.Soon"/> sees of one silo's death.</summary>
internal sealed record SoonSummary
{
    // So many good seconds in a row are a recovery.
    private const int Row = 3;
    private const double Good = 0.95;

    /// <summary>Which silo.</summary>
    public required string Silo { get; init; }

    /// <summary>The least share of FIND_VALUE answered in a second.</summary>
    public required double LeastFindValue { get; init; }

    /// <summary>Seconds in which less than 95 % of FIND_VALUE was answered.</summary>
    public required int BadFindValue { get; init; }

    /// <summary>The least share with a value, of keys that the edge had answered with one in the last minute.</summary>
    public required double LeastKnown { get; init; }

    /// <summary>The least share of STORE acknowledged in a second.</summary>
    public required double LeastStore { get; init; }

    /// <summary>Seconds in which less than 95 % of STORE was acknowledged.</summary>
    public required int BadStore { get; init; }

    /// <summary>Seconds from the kill until at least 95 % of STORE is acknowledged, three seconds in a row; null if never.</summary>
    public required int? SecondsToStore { get; init; }

    /// <summary>Looks at the seconds from a kill to the next.</summary>
    /// <param name="counts">The curve.</param>
    /// <param name="killed">The second of the kill.</param>
    /// <param name="end">The second of the next kill, or of the end.</param>
    /// <param name="silo">Which silo.</param>
    public static SoonSummary Of(SecondCounts counts, int killed, int end, string silo)
    {
        int[] seconds = [.. Enumerable.Range(killed, Math.Max(0, end - killed))];
        return new SoonSummary
        {
            Silo = silo,
            LeastFindValue = seconds.Select(FindValue).DefaultIfEmpty(1).Min(),
            BadFindValue = seconds.Count(second => FindValue(second) < Good),
            LeastKnown = seconds.Select(second => counts.Of(second, CallKind.FindValue).KnownShare).DefaultIfEmpty(1).Min(),
            LeastStore = seconds.Select(Store).DefaultIfEmpty(1).Min(),
            BadStore = seconds.Count(second => Store(second) < Good),
            SecondsToStore = seconds.Skip(1).SkipLast(Row - 1).Cast<int?>()
                .FirstOrDefault(second => Enumerable.Range(second!.Value, Row).All(next => Store(next) >= Good)) - killed,
        };

        double FindValue(int second) => counts.Of(second, CallKind.FindValue).SoonShare;

        double Store(int second) => counts.Of(second, CallKind.Store).SoonShare;
    }

    /// <summary>Writes a row for each kill, as Markdown.</summary>
    public static void Write(TextWriter output, IEnumerable<SoonSummary> kills)
    {
        output.WriteLine("| within 1 s, killed | least FIND_VALUE | below 95 % | least with the value, of known keys | least STORE | below 95 % | STORE at 95 % after |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var kill in kills)
        {
            var recovery = kill.SecondsToStore is { } seconds ? $"{seconds.ToString(CultureInfo.InvariantCulture)} s" : "never";
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {kill.Silo} | {100 * kill.LeastFindValue:F1} % | {kill.BadFindValue} s | {100 * kill.LeastKnown:F1} % | {100 * kill.LeastStore:F1} % | {kill.BadStore} s | {recovery} |"));
        }
    }
}
