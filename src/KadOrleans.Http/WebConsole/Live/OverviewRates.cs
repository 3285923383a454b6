namespace KadOrleans.Http;

internal sealed record CountsAt(DateTimeOffset At, IReadOnlyDictionary<string, long> Counts);

// What happened in a time: per second the requests of others, those without a response, STOREs that were accepted and lookups
// that ended, of those that had contacts to ask. Then how many of them succeeded and failed.
internal sealed record OverviewRates(
    double OverSeconds, double Received, double Refused, double Stores, double Lookups, long Succeeded, long Failed)
{
    private static readonly string[] Successes = [Name(TerminationReason.Converged), Name(TerminationReason.ValueFound)];

    // One without contacts asks nobody: that is no failure of the network, and no fault of its first node.
    private static readonly string[] Failures =
        [Name(TerminationReason.NobodyAnswered), Name(TerminationReason.RequestLimit), Name(TerminationReason.DeadlineReached)];

    public static OverviewRates Between(CountsAt begin, CountsAt end)
    {
        var seconds = (end.At - begin.At).TotalSeconds;
        var (succeeded, failed) = (Growth(begin, end, Successes), Growth(begin, end, Failures));
        return new OverviewRates(
            Math.Round(seconds, 1),
            PerSecond(Growth(begin, end, Below("received."))),
            PerSecond(Growth(begin, end, Below("refused."))),
            PerSecond(Growth(begin, end, "stores.accepted")),
            PerSecond(succeeded + failed),
            succeeded,
            failed);

        // The clock may have been set back in between.
        double PerSecond(long growth) => seconds > 0 ? Math.Round(growth / seconds, 2) : 0;

        IEnumerable<string> Below(string prefix) => end.Counts.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    public static long Growth(CountsAt begin, CountsAt end, params IEnumerable<string> names) =>
        names.Sum(name => end.Counts.GetValueOrDefault(name) - begin.Counts.GetValueOrDefault(name));

    private static string Name(TerminationReason reason) => $"lookups.{reason}";
}

/// <summary>Rates per second, one for each time between two samples, at its end: of requests, of lookups, and of those that failed.</summary>
internal sealed record OverviewSeries(
    IReadOnlyList<DateTimeOffset> At, IReadOnlyList<double> Received, IReadOnlyList<double> Lookups, IReadOnlyList<double> Failed)
{
    public static OverviewSeries Of(IReadOnlyList<CountsAt> samples)
    {
        List<OverviewRates> rates = [.. samples.Zip(samples.Skip(1), OverviewRates.Between)];
        return new OverviewSeries(
            [.. samples.Skip(1).Select(sample => sample.At)],
            [.. rates.Select(rate => rate.Received)],
            [.. rates.Select(rate => rate.Lookups)],
            [.. rates.Select(rate => Math.Round(rate.Failed / Math.Max(rate.OverSeconds, 0.1), 2))]);
    }
}
