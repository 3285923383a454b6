namespace KadOrleans.Lab;

/// <summary>Stops all silos for a while and counts which calls the edges answer.</summary>
internal static class OutageRun
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(60);

    /// <summary>How silos end.</summary>
    private enum Way
    {
        Kill,
        Stop,
    }

    public static async Task<int> RunAsync(OptionReader options, CommandIo io, CancellationToken cancellationToken)
    {
        var shape = ClusterShape.Read(options, edges: 2);
        var seconds = options.Seconds("--seconds", 300);
        var way = options.Choice("--by", Way.Kill);
        var rate = options.Integer("--rate", 20, 1, 10_000);
        var log = new ProgressLog(io.Error);
        await using var cluster = await FaultyCluster.StartAsync(shape, log);
        await using var load = await OpenLoad.StartAsync(cluster, new LoadRates(rate, rate), log, cancellationToken);
        await Task.Delay(Before, cancellationToken);
        var phases = await RunPhasesAsync(cluster, load, seconds, way, log, cancellationToken);
        await load.StopAsync();
        Write(io.Output, load.Counts, phases);
        return 0;
    }

    private static async Task<IReadOnlyList<Phase>> RunPhasesAsync(
        FaultyCluster cluster, OpenLoad load, TimeSpan outage, Way way, ProgressLog log, CancellationToken cancellationToken)
    {
        var before = load.Second;
        await Task.WhenAll(cluster.Silos.Select(silo => way == Way.Kill ? silo.Server.KillAsync() : silo.Server.StopAsync()));
        var gone = load.Second + 1;
        log.Tell($"All silos are gone in second {gone - 1}.");
        await Task.Delay(outage, cancellationToken);
        var back = load.Second;
        await Task.WhenAll(cluster.Silos.Select(cluster.RestartAsync));
        log.Tell($"All silos are started between second {back} and {load.Second}.");
        await Task.Delay(After, cancellationToken);
        return [new("before", 0, before), new("without silos", gone, back), new("first 30 s after", back, back + 30), new("then", back + 30, load.Second)];
    }

    private static void Write(TextWriter output, SecondCounts counts, IReadOnlyList<Phase> phases) => MarkdownTable.Write(
        output,
        ["share answered", "s", .. CallKinds.All.Select(CallKinds.NameOf), "FIND_VALUE with a value"],
        phases.Select(phase =>
        {
            var values = counts.Sum(phase.From, phase.To, CallKind.FindValue);
            var shares = CallKinds.All.Select(kind => Percent(counts.Sum(phase.From, phase.To, kind).Share));
            return (string[])[phase.Name, $"{phase.To - phase.From}", .. shares, Percent((double)values.WithValue / Math.Max(1, values.Sent))];
        }));

    private static string Percent(double share) => $"{100 * share:F1} %";

    private readonly record struct Phase(string Name, int From, int To);
}
