namespace KadOrleans.Lab;

/// <summary>
/// What one silo's death did to a curve. Shares are the least of any second until it was started again, or after. Shards are those of each
/// silo before, by ports; empty if that is not known. The seconds to STORE end with three in a row that acknowledge 95 %; null if never.
/// </summary>
public sealed record KillSummary(
    string Silo, IReadOnlyList<int> Shards, double LeastFindValue, double LeastStore, double LeastAfterStart, int SilentSeconds, int? SecondsToStore)
{
    public static KillSummary Of(SecondCounts counts, int killed, int started, int end, string silo, IReadOnlyList<int> shards)
    {
        var shares = new Shares(counts, of => of.Share);
        return new KillSummary(
            silo,
            shards,
            shares.Least(CallKind.FindValue, killed, started),
            shares.Least(CallKind.Store, killed, started),
            Math.Min(shares.Least(CallKind.FindValue, started, end), shares.Least(CallKind.Store, started, end)),
            Shares.Seconds(killed, end).Count(second => shares.Of(CallKind.FindValue, second) == 0 && shares.Of(CallKind.Store, second) == 0),
            shares.SecondsToStore(killed, end));
    }

    public static void Write(TextWriter output, IEnumerable<KillSummary> kills) => MarkdownTable.Write(
        output,
        ["killed", "shards by silo before", "least FIND_VALUE", "least STORE", "STORE at 95 % after", "silent", "least after its start"],
        kills.Select(kill => (string[])
        [
            kill.Silo,
            kill.Shards.Count == 0 ? "–" : string.Join(", ", kill.Shards),
            $"{100 * kill.LeastFindValue:F0} %",
            $"{100 * kill.LeastStore:F0} %",
            Shares.Text(kill.SecondsToStore),
            $"{kill.SilentSeconds} s",
            $"{100 * kill.LeastAfterStart:F0} %",
        ]));
}

/// <summary>
/// What a node that waits no longer than <see cref="SecondCounts.Soon"/> sees of one silo's death. Bad are the seconds with a share below
/// 95 %. Known keys are those that the edge had answered with a value in the last minute.
/// </summary>
public sealed record SoonSummary(
    string Silo, double LeastFindValue, int BadFindValue, double LeastKnown, double LeastStore, int BadStore, int? SecondsToStore)
{
    public static SoonSummary Of(SecondCounts counts, int killed, int end, string silo)
    {
        var shares = new Shares(counts, of => of.SoonShare);
        return new SoonSummary(
            silo,
            shares.Least(CallKind.FindValue, killed, end),
            shares.Bad(CallKind.FindValue, killed, end),
            new Shares(counts, of => of.KnownShare).Least(CallKind.FindValue, killed, end),
            shares.Least(CallKind.Store, killed, end),
            shares.Bad(CallKind.Store, killed, end),
            shares.SecondsToStore(killed, end));
    }

    public static void Write(TextWriter output, IEnumerable<SoonSummary> kills) => MarkdownTable.Write(
        output,
        ["within 1 s, killed", "least FIND_VALUE", "below 95 %", "least with the value, of known keys", "least STORE", "below 95 %", "STORE at 95 % after"],
        kills.Select(kill => (string[])
        [
            kill.Silo,
            $"{100 * kill.LeastFindValue:F1} %",
            $"{kill.BadFindValue} s",
            $"{100 * kill.LeastKnown:F1} %",
            $"{100 * kill.LeastStore:F1} %",
            $"{kill.BadStore} s",
            Shares.Text(kill.SecondsToStore),
        ]));
}

/// <summary>One kind of share of the calls, by seconds.</summary>
internal sealed class Shares(SecondCounts counts, Func<CallCounts, double> share)
{
    // So many good seconds in a row are a recovery.
    private const int Row = 3;
    private const double Good = 0.95;

    public static IEnumerable<int> Seconds(int from, int to) => Enumerable.Range(from, Math.Max(0, to - from));

    public static string Text(int? seconds) => seconds is { } known ? $"{known} s" : "never";

    public double Of(CallKind kind, int second) => share(counts.Of(second, kind));

    public double Least(CallKind kind, int from, int to) => Seconds(from, to).Select(second => Of(kind, second)).DefaultIfEmpty(1).Min();

    public int Bad(CallKind kind, int from, int to) => Seconds(from, to).Count(second => Of(kind, second) < Good);

    // The kill falls into a second that may still be good.
    public int? SecondsToStore(int killed, int end) => Seconds(killed + 1, end - Row + 1).Cast<int?>()
        .FirstOrDefault(second => Seconds(second!.Value, second.Value + Row).All(next => Of(CallKind.Store, next) >= Good)) - killed;
}
