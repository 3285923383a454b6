using System.Globalization;
using KadOrleans.Cli.Output;
using KadOrleans.Core.Admission;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>What was measured, for people: a row for each target and echo, and ratios to the first and the echoes.</summary>
internal static class BenchReport
{
    // Beyond it, refusals are likely: sources are asked from in turn, but not to the second.
    private const double NearLimit = 0.9;

    private const string None = "-";

    public static void Print(BenchOutcome outcome, ResultPrinter printer)
    {
        if (printer.IsJson)
        {
            printer.Json(BenchJson.Create(outcome));
        }
        else
        {
            PrintText(outcome, printer);
        }

        foreach (var target in outcome.Targets)
        {
            Warn(target, printer);
        }
    }

    private static void PrintText(BenchOutcome outcome, ResultPrinter printer)
    {
        LoadTarget[] all = [.. outcome.Targets, .. outcome.Echoes];
        LoadTarget[] compared = [.. outcome.Targets.Take(outcome.Targets.Count > 1 ? 1 : 0), .. outcome.Echoes];
        printer.Table(
            [
                BenchSession.NameOf(outcome.Settings.Operation), "answers/s", .. compared.Select(other => $": {other.Name}"),
                "p50 ms", "p90 ms", "p99 ms", "max ms", "lost", "bytes", "CPU µs/answer",
            ],
            [.. all.Select(target => Row(target, target.Result, compared))]);
        foreach (var target in outcome.Targets)
        {
            if (outcome.Settings.Cold)
            {
                printer.Line($"{target.Name}, responses of each second: {string.Join(", ", target.Result.EachSecond)}");
            }

            if (Describe(target.Result) is { } process)
            {
                printer.Line($"{target.Name}: {process}");
            }
        }
    }

    private static string[] Row(LoadTarget target, LoadResult result, LoadTarget[] compared) =>
    [
        target.Name,
        result.PerSecond.ToString("0", CultureInfo.InvariantCulture),
        .. compared.Select(other => target == other
            ? None
            : (result.PerSecond / other.Result.PerSecond).ToString("0.00", CultureInfo.InvariantCulture)),
        Milliseconds(result.Latencies.Quantile(0.5)),
        Milliseconds(result.Latencies.Quantile(0.9)),
        Milliseconds(result.Latencies.Quantile(0.99)),
        Milliseconds(result.Latencies.Longest),
        string.Create(CultureInfo.InvariantCulture, $"{result.Lost} ({result.LossShare * 100:0.##} %)"),
        result.AnswerBytes.ToString(CultureInfo.InvariantCulture),
        result.CpuPerAnswer?.ToString("0.00", CultureInfo.InvariantCulture) ?? None,
    ];

    private static string? Describe(LoadResult result) => (result.TargetMemory, result.TargetCollections) switch
    {
        ({ } memory, { } collections) => $"{memory}; garbage collections while it was measured: {collections}",
        ({ } memory, null) => memory.ToString(),
        _ => null,
    };

    private static void Warn(LoadTarget target, ResultPrinter printer)
    {
        var result = target.Result;
        var asked = (result.Answered + result.Lost) / result.Elapsed.TotalSeconds / target.Senders.Length;
        var allowed = new SourceLimits().PerSource.PerSecond;
        if (result.Lost > 0 && asked > allowed * NearLimit)
        {
            printer.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"Each source asked {target.Name} {asked:0} times a second; a node answers {allowed:0} unless it trusts the source. More --sources are needed."));
        }

        var sent = asked * result.AnswerBytes;
        var upload = new UploadLimits().PerEndpoint;
        if (result.Lost > 0 && sent > upload * NearLimit)
        {
            printer.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"Answers of {target.Name} came to {sent:0} bytes a second for each source; a node sends {upload:0} unless it trusts the source. More --sources are needed."));
        }

        if (result.Unexpected > 0)
        {
            printer.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Unexpected} answers of {target.Name} were not as expected: a key is not held, a value not taken, or no contact known."));
        }
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture);
}
