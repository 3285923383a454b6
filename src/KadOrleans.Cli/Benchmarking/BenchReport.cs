using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Output;
using KadOrleans.Core.Admission;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>What was measured, for people and for programs.</summary>
internal static class BenchReport
{
    // Beyond it, refusals are likely: sources are asked from in turn, but not to the second.
    private const double NearLimit = 0.9;

    public static void Print(BenchOutcome outcome, ResultPrinter printer)
    {
        if (printer.IsJson)
        {
            printer.Json(ToJson(outcome));
        }
        else
        {
            PrintText(outcome, printer);
        }

        Warn(outcome, printer);
    }

    private static JsonObject ToJson(BenchOutcome outcome)
    {
        var (settings, result) = (outcome.Settings, outcome.Result);
        var json = Measured(result);
        json.Insert(0, "operation", BenchSession.NameOf(settings.Operation));
        json.Insert(1, "target", outcome.Target.ToString());
        json.Insert(2, "sources", outcome.Sources);
        json.Insert(3, "inFlight", settings.InFlight);
        json.Insert(4, "rate", settings.Rate);
        json["unexpected"] = result.Unexpected;
        json["requests"] = new JsonArray([.. outcome.Round.DistinctBy(request => request.Kind).Select(request => new JsonObject
        {
            ["kind"] = request.Kind.ToString(),
            ["answers"] = result.AnswersTo(request.Kind),
            ["requestBytes"] = request.Bytes.Length,
            ["answerBytes"] = result.AnswerLength(request.Kind),
        })]);
        json["memory"] = result.TargetMemory is { } memory
            ? new JsonObject { ["currentMegabytes"] = memory.CurrentMegabytes, ["peakMegabytes"] = memory.PeakMegabytes }
            : null;
        json["garbageCollections"] = result.TargetCollections?.ToJson();
        json["echo"] = Baseline(result, outcome.Echo);
        json["batchedEcho"] = Baseline(result, outcome.BatchedEcho);
        return json;
    }

    private static JsonObject? Baseline(LoadResult result, LoadResult? echo)
    {
        if (echo is null)
        {
            return null;
        }

        var json = Measured(echo);
        json["ratio"] = Round(result.PerSecond / echo.PerSecond, 3);
        json["cpuRatio"] = result.CpuPerAnswer / echo.CpuPerAnswer is { } ratio ? Round(ratio, 3) : null;
        return json;
    }

    private static JsonObject Measured(LoadResult result) => new()
    {
        ["seconds"] = Round(result.Elapsed.TotalSeconds, 3),
        ["answers"] = result.Answered,
        ["lost"] = result.Lost,
        ["answersPerSecond"] = Round(result.PerSecond, 1),
        ["latencyMilliseconds"] = new JsonObject
        {
            ["p50"] = Round(result.Latencies.Quantile(0.5).TotalMilliseconds, 3),
            ["p90"] = Round(result.Latencies.Quantile(0.9).TotalMilliseconds, 3),
            ["p99"] = Round(result.Latencies.Quantile(0.99).TotalMilliseconds, 3),
            ["max"] = Round(result.Latencies.Longest.TotalMilliseconds, 3),
        },
        ["cpuMicrosecondsPerAnswer"] = result.CpuPerAnswer is { } cpu ? Round(cpu, 3) : null,
    };

    private static void PrintText(BenchOutcome outcome, ResultPrinter printer)
    {
        var rows = new List<string[]> { Row(BenchSession.NameOf(outcome.Settings.Operation), outcome.Result) };
        if (outcome is { Echo: { } echo, BatchedEcho: { } batched })
        {
            rows.Add(Row("echo", echo));
            rows.Add(Row("echo in batches", batched));
        }

        printer.Table(["", "answers/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "lost", "target's CPU µs/answer"], rows, isReport: true);
        if (outcome is { Echo: { } one, BatchedEcho: { } many })
        {
            printer.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{rows[0][0]} : echo = {outcome.Result.PerSecond / one.PerSecond:0.00}, : echo in batches = {outcome.Result.PerSecond / many.PerSecond:0.00}"));
        }

        if (Describe(outcome.Result) is { } process)
        {
            printer.Line($"{rows[0][0]}: {process}");
        }
    }

    private static string? Describe(LoadResult result) => (result.TargetMemory, result.TargetCollections) switch
    {
        ({ } memory, { } collections) => $"{memory}; {collections} while it was measured",
        ({ } memory, null) => memory.ToString(),
        _ => null,
    };

    private static string[] Row(string name, LoadResult result) =>
    [
        name,
        result.PerSecond.ToString("0", CultureInfo.InvariantCulture),
        Milliseconds(result.Latencies.Quantile(0.5)),
        Milliseconds(result.Latencies.Quantile(0.9)),
        Milliseconds(result.Latencies.Quantile(0.99)),
        Milliseconds(result.Latencies.Longest),
        string.Create(CultureInfo.InvariantCulture, $"{result.Lost} ({result.LossShare * 100:0.##} %)"),
        result.CpuPerAnswer?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-",
    ];

    private static void Warn(BenchOutcome outcome, ResultPrinter printer)
    {
        var result = outcome.Result;
        var asked = (result.Answered + result.Lost) / result.Elapsed.TotalSeconds / outcome.Sources;
        var allowed = new SourceLimits().PerSource.PerSecond;
        if (result.Lost > 0 && asked > allowed * NearLimit)
        {
            printer.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"Each source asked {asked:0} times a second; a node answers {allowed:0} unless it trusts the source. More --sources are needed."));
        }

        if (result.Unexpected > 0)
        {
            printer.Note(string.Create(
                CultureInfo.InvariantCulture, $"{result.Unexpected} answers said that a key is not held, or a value not taken."));
        }
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture);

    private static double Round(double number, int digits) => double.IsFinite(number) ? Math.Round(number, digits) : 0;
}
