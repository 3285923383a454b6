namespace KadOrleans.Lab;

/// <summary>What was measured, for people: a row for each target and echo, and ratios to the first and the echoes.</summary>
internal static class BenchReport
{
    // Beyond it, refusals are likely: sources are asked from in turn, but not to the second.
    private const double NearLimit = 0.9;

    private const string None = "-";

    public static void Print(BenchOutcome outcome, ResultPrinter printer)
    {
        printer.Print(BenchJson.Create(outcome), () => PrintText(outcome, printer));
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
            [.. all.Select(target => Row(target, compared))]);
        foreach (var target in outcome.Targets)
        {
            if (outcome.Settings.Cold)
            {
                printer.Line($"{target.Name}, responses of each second: {string.Join(", ", target.Result.EachSecond)}");
            }

            if (target.Result.TargetMemory is { } memory)
            {
                var collections = target.Result.TargetCollections is { } counts ? $"; garbage collections while it was measured: {counts}" : null;
                printer.Line($"{target.Name}: {memory}{collections}");
            }
        }
    }

    private static string[] Row(LoadTarget target, LoadTarget[] compared)
    {
        var result = target.Result;
        return
        [
            target.Name,
            $"{result.PerSecond:0}",
            .. compared.Select(other => target == other ? None : $"{result.PerSecond / other.Result.PerSecond:0.00}"),
            .. new[] { 0.5, 0.9, 0.99, 1 }.Select(share => $"{result.Latencies.Quantile(share).TotalMilliseconds:0.00}"),
            $"{result.Lost} ({result.LossShare * 100:0.##} %)",
            $"{result.AnswerBytes}",
            result.CpuPerAnswer is { } cpu ? $"{cpu:0.00}" : None,
        ];
    }

    private static void Warn(LoadTarget target, ResultPrinter printer)
    {
        var result = target.Result;
        var asked = (result.Answered + result.Lost) / result.Elapsed.TotalSeconds / target.Senders.Length;
        var allowed = new SourceLimits().PerSource.PerSecond;
        if (result.Lost > 0 && asked > allowed * NearLimit)
        {
            printer.Say($"Each source asked {target.Name} {asked:0} times a second; a node answers {allowed:0} unless it trusts the source. More --sources are needed.");
        }

        var sent = asked * result.AnswerBytes;
        var upload = new UploadLimits().PerEndpoint;
        if (result.Lost > 0 && sent > upload * NearLimit)
        {
            printer.Say($"Answers of {target.Name} came to {sent:0} bytes a second for each source; a node sends {upload:0} unless it trusts the source. More --sources are needed.");
        }

        if (result.Unexpected > 0)
        {
            printer.Say($"{result.Unexpected} answers of {target.Name} were not as expected: a key is not held, a value not taken, or no contact known.");
        }
    }
}

/// <summary>What was measured, for programs.</summary>
internal static class BenchJson
{
    public static JsonObject Create(BenchOutcome outcome)
    {
        var settings = outcome.Settings;
        return ResultJson.Of(new
        {
            Operation = BenchSession.NameOf(settings.Operation),
            settings.InFlight,
            settings.Rate,
            settings.Keys,
            NewKeys = settings.Operation == BenchOperation.StoreNew,
            Targets = outcome.Targets.Select(target => Describe(target, outcome)),
            Echo = Measured(outcome.Echoes.ElementAtOrDefault(0)),
            BatchedEcho = Measured(outcome.Echoes.ElementAtOrDefault(1)),
        });
    }

    private static JsonObject Describe(LoadTarget target, BenchOutcome outcome)
    {
        var (result, first) = (target.Result, outcome.Targets[0]);
        var who = ResultJson.Of(new { target.Name, Endpoint = target.Endpoint.ToString(), Sources = target.Senders.Length });
        var more = ResultJson.Of(new
        {
            result.Unexpected,
            EachSecond = outcome.Settings.Cold ? result.EachSecond : null,
            Requests = target.Protocol.RoundOf(outcome.Settings.Operation).DistinctBy(request => request.Kind).Select(request => new
            {
                Kind = request.Kind.ToString(),
                Answers = result.AnswersTo(request.Kind),
                RequestBytes = request.Bytes.Length,
                AnswerBytes = result.AnswerLength(request.Kind),
            }),
            Memory = result.TargetMemory is { } memory ? new { memory.CurrentMegabytes, memory.PeakMegabytes } : null,
            GarbageCollections = result.TargetCollections,
            ToFirst = Compare(result, target == first ? null : first),
            ToEcho = Compare(result, outcome.Echoes.ElementAtOrDefault(0)),
            ToBatchedEcho = Compare(result, outcome.Echoes.ElementAtOrDefault(1)),
        });
        return new JsonObject(who.Concat(Measured(target)!).Concat(more).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
    }

    private static JsonObject? Compare(LoadResult result, LoadTarget? other) => other is null ? null : ResultJson.Of(new
    {
        Ratio = Round(result.PerSecond / other.Result.PerSecond, 3),
        CpuRatio = Round(result.CpuPerAnswer / other.Result.CpuPerAnswer, 3),
    });

    private static JsonObject? Measured(LoadTarget? target) => target?.Result is not { } result ? null : ResultJson.Of(new
    {
        Seconds = Round(result.Elapsed.TotalSeconds, 3),
        Answers = result.Answered,
        result.Lost,
        AnswersPerSecond = Round(result.PerSecond, 1),
        LatencyMilliseconds = new { P50 = At(result, 0.5), P90 = At(result, 0.9), P99 = At(result, 0.99), Max = At(result, 1) },
        CpuMicrosecondsPerAnswer = Round(result.CpuPerAnswer, 3),
    });

    private static double? At(LoadResult result, double share) => Round(result.Latencies.Quantile(share).TotalMilliseconds, 3);

    private static double? Round(double? number, int digits) =>
        number is { } given && double.IsFinite(given) ? Math.Round(given, digits) : number is null ? null : 0;
}
