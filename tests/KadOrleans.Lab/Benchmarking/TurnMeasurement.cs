namespace KadOrleans.Lab;

/// <summary>Measures targets, and echoes where they are asked for, in turns: so what else the machine does meets all of them.</summary>
internal sealed class TurnMeasurement(CommandIo io, BenchSettings settings, LoadRunner runner, byte[] keys)
{
    private const int FewestTurns = 3;

    // What a response has at least, about.
    private const int EchoBytes = 64;

    // A machine's neighbours take its cores for seconds at a time.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(0.5);

    public async Task<BenchOutcome> RunAsync(IReadOnlyList<LoadTarget> targets)
    {
        var load = new Load(settings.Operation, keys, settings.InFlight, settings.WarmUp) { Rate = settings.Rate };
        if (settings.Cold)
        {
            await WarmOnEchoAsync(targets[0], load);
        }

        var lengths = string.Empty;
        foreach (var target in settings.Cold ? [] : targets)
        {
            var result = await runner.RunAsync("warming up", target, load);
            lengths = lengths.Length > 0 ? lengths : LengthsOf(target, result.AnswerLength);
        }

        if (!settings.Baseline)
        {
            await MeasureAsync(targets, load);
            return new BenchOutcome(settings, targets, []);
        }

        await using var one = await StartEchoAsync(lengths);
        await using var many = await StartEchoAsync(lengths, "--batch");
        var sources = targets[0].Senders.Length;
        LoadTarget[] echoes = [LoadTarget.Echo("echo", one, sources), LoadTarget.Echo("echo in batches", many, sources)];
        foreach (var echo in echoes)
        {
            await runner.RunAsync("warming up", echo, load);
        }

        await MeasureAsync([.. targets, .. echoes], load);
        return new BenchOutcome(settings, targets, echoes);
    }

    private Task<ChildCommand> StartEchoAsync(string lengths, params string[] options) =>
        ChildCommand.StartAsync(io, LabCommand.Name, ["bench-echo", "--answers", lengths, .. options], runner.CancellationToken);

    // The load's own code is compiled while an echo responds, and not while the target is measured.
    private async Task WarmOnEchoAsync(LoadTarget target, Load load)
    {
        var lengths = LengthsOf(target, _ => EchoBytes);
        await using var process = await StartEchoAsync(lengths, "--batch");
        await runner.RunAsync("warming up", LoadTarget.Echo("echo", process, target.Senders.Length), load);
    }

    private async Task MeasureAsync(IReadOnlyList<LoadTarget> targets, Load load)
    {
        var turns = targets.Count > 1 ? Math.Max(FewestTurns, (int)(settings.Duration / Turn)) : 1;
        for (var turn = 0; turn < turns; turn++)
        {
            foreach (var target in targets)
            {
                await runner.MeasureAsync(BenchSession.NameOf(settings.Operation), target, load with { Duration = settings.Duration / turns });
            }
        }
    }

    private string LengthsOf(LoadTarget target, Func<RequestKind, int> answerLength) => string.Join(
        ',',
        target.Protocol.RoundOf(settings.Operation).DistinctBy(request => request.Kind).Select(request => $"{request.Bytes.Length}:{answerLength(request.Kind)}"));
}

/// <summary>What <c>kad-lab bench</c> has measured.</summary>
internal sealed record BenchOutcome(BenchSettings Settings, IReadOnlyList<LoadTarget> Targets, IReadOnlyList<LoadTarget> Echoes);
