using System.Globalization;
using KadOrleans.Faults.Calls;
using KadOrleans.Faults.Clusters;
using KadOrleans.Faults.Curves;
using KadOrleans.Faults.Options;
using KadOrleans.Testing.Clusters;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Faults.Scaling;

/// <summary>The shards of a loaded cluster are doubled, and perhaps a silo is killed meanwhile. Counts answers by the second.</summary>
internal static class DoubleRun
{
    /// <summary>How arguments are given.</summary>
    public const string Usage = """
        double   [--storage postgresql|azurite] [--rate 2000] [--silos 3] [--edges 2] [--before SECONDS] [--settle SECONDS]
                 [--kill 0|1] [--shard-bits 7] [--build FOLDER]
        """;

    private const double OthersRate = 20;

    private static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(3);

    /// <summary>Runs the command: progress to <paramref name="error"/>, the table to <paramref name="output"/>.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var options = new OptionReader(args);
        var shape = ClusterShape.Read(options, edges: 2);
        var rate = options.Integer("--rate", 2_000, 1, 100_000);
        var before = options.Seconds("--before", 20);
        var settle = options.Seconds("--settle", 30);
        var isKilled = options.Integer("--kill", 0, 0, 1) == 1;
        options.RefuseOthers();

        var log = new ProgressLog(error);
        await using var cluster = await FaultyCluster.StartAsync(shape, log);
        await using var load = new OpenLoad(cluster.EdgeAddresses, new LoadRates(rate / 2.0, OthersRate));
        await load.FillAsync(cancellationToken);
        log.Tell($"{OpenLoad.StoredKeys} values are stored.");
        load.Start();
        await Task.Delay(before, cancellationToken);

        var begun = load.Second;
        var silos = cluster.Silos.Select(silo => (SiloServer)silo.Server).ToArray();
        var doubling = RunAsync(shape.Executables.Edge, ["shards", "double", .. cluster.Storage.EdgeSettings(silos)], cancellationToken);
        if (isKilled)
        {
            await Task.Delay(KillAfter, cancellationToken);
            log.Tell($"{cluster.Silos[0].Name} is killed in second {load.Second}.");
            await cluster.Silos[0].Server.KillAsync();
            await cluster.RestartAsync(cluster.Silos[0]);
        }

        var (code, said) = await doubling;
        var ended = load.Second;
        log.Tell($"The doubling began in second {begun} and ended in second {ended}: {said}");
        await Task.Delay(settle, cancellationToken);
        var end = load.Second;
        await load.StopAsync();
        var (stored, missing) = await load.CheckAsync(cancellationToken);
        var usual = Mean(load.Counts, 0, begun);
        output.WriteLine("| doubled in | STOREs acknowledged in a second before, mean | meanwhile | after | least in a second |");
        output.WriteLine("|---|---|---|---|---|");
        var least = Enumerable.Range(begun, Math.Max(1, end - begun)).Min(second => load.Counts.Of(second, CallKind.Store).Arrived);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {ended - begun} s | {usual:F0} | {Mean(load.Counts, begun, Math.Max(ended, begun + 1)) / usual:P0} | {Mean(load.Counts, ended, end) / usual:P0} | {least / usual:P0} |"));
        output.WriteLine();
        output.WriteLine($"{said}; {stored} keys were acknowledged, {missing} of them are missing.");
        return missing == 0 && code == 0 ? 0 : 1;
    }

    private static async Task<(int Code, string Said)> RunAsync(string assembly, string[] args, CancellationToken cancellationToken)
    {
        await using var process = ChildProcess.Start(assembly, Path.GetTempPath(), args);
        var code = await process.ExitAsync().WaitAsync(cancellationToken);
        while (await process.ReadLineAsync() is not null)
        {
            // To the end: lines may come after the exit.
        }

        return (code, (code == 0 ? process.Output.Text : process.Error.Text).TrimEnd().Split('\n')[^1]);
    }

    private static double Mean(SecondCounts counts, int from, int to) =>
        (double)counts.Sum(from, to, CallKind.Store).Arrived / Math.Max(1, to - from);
}
