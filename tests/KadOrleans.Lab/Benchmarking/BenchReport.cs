using System.Globalization;
using System.Text.Json.Nodes;

namespace KadOrleans.Lab;

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

/// <summary>What was measured, for programs.</summary>
internal static class BenchJson
{
    public static JsonObject Create(BenchOutcome outcome)
    {
        var settings = outcome.Settings;
        var json = new JsonObject
        {
            ["operation"] = BenchSession.NameOf(settings.Operation),
            ["inFlight"] = settings.InFlight,
            ["rate"] = settings.Rate,
            ["keys"] = settings.Keys,
            ["newKeys"] = settings.Operation == BenchOperation.StoreNew,
            ["targets"] = new JsonArray([.. outcome.Targets.Select(target => Describe(target, outcome))]),
        };
        json["echo"] = outcome.Echoes is [var one, ..] ? Measured(one.Result) : null;
        json["batchedEcho"] = outcome.Echoes is [_, var many] ? Measured(many.Result) : null;
        return json;
    }

    private static JsonObject Describe(LoadTarget target, BenchOutcome outcome)
    {
        var (result, first) = (target.Result, outcome.Targets[0]);
        var json = new JsonObject
        {
            ["name"] = target.Name,
            ["endpoint"] = target.Endpoint.ToString(),
            ["sources"] = target.Senders.Length,
        };
        foreach (var (key, value) in Measured(result).ToList())
        {
            json[key] = value?.DeepClone();
        }

        json["unexpected"] = result.Unexpected;
        json["eachSecond"] = outcome.Settings.Cold ? new JsonArray([.. result.EachSecond.Select(count => JsonValue.Create(count))]) : null;
        json["requests"] = new JsonArray([.. target.Protocol.RoundOf(outcome.Settings.Operation)
            .DistinctBy(request => request.Kind)
            .Select(request => new JsonObject
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
        json["toFirst"] = target == first ? null : Compare(result, first.Result);
        json["toEcho"] = outcome.Echoes is [var one, ..] ? Compare(result, one.Result) : null;
        json["toBatchedEcho"] = outcome.Echoes is [_, var many] ? Compare(result, many.Result) : null;
        return json;
    }

    private static JsonObject Compare(LoadResult result, LoadResult other) => new()
    {
        ["ratio"] = Round(result.PerSecond / other.PerSecond, 3),
        ["cpuRatio"] = result.CpuPerAnswer / other.CpuPerAnswer is { } ratio ? Round(ratio, 3) : null,
    };

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

    private static double Round(double number, int digits) => double.IsFinite(number) ? Math.Round(number, digits) : 0;
}
