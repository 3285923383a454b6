using System.Text.Json.Nodes;

namespace KadOrleans.Lab.Benchmarking;

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
