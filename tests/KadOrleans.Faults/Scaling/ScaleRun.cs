using KadOrleans.Faults.Clusters;
using KadOrleans.Faults.Curves;
using KadOrleans.Faults.Options;
using KadOrleans.Testing.Clusters;

namespace KadOrleans.Faults.Scaling;

/// <summary>A silo joins a loaded cluster, and later another one is told to stop. Counts shards and answers by the second.</summary>
internal static class ScaleRun
{
    /// <summary>How arguments are given.</summary>
    public const string Usage = """
        scale    [--storage postgresql|azurite] [--rate 2000] [--silos 3] [--edges 2] [--before SECONDS] [--settle SECONDS]
                 [--shard-bits 7] [--build FOLDER]
        """;

    private const double OthersRate = 20;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Runs the command: progress to <paramref name="error"/>, the table to <paramref name="output"/>.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var options = new OptionReader(args);
        var shape = ClusterShape.Read(options, edges: 2);
        var rate = options.Integer("--rate", 2_000, 1, 100_000);
        var before = options.Seconds("--before", 30);
        var settle = options.Seconds("--settle", 90);
        options.RefuseOthers();

        var log = new ProgressLog(error);
        await using var cluster = await FaultyCluster.StartAsync(shape, log);
        await using var load = new OpenLoad(cluster.EdgeAddresses, new LoadRates(rate / 2.0, OthersRate));
        await load.FillAsync(cancellationToken);
        log.Tell($"{OpenLoad.StoredKeys} values are stored.");
        load.Start();
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var seconds = new SortedDictionary<int, IReadOnlyList<(int Port, int Shards)>>();
        var watch = WatchAsync(cluster, load, seconds, watching.Token);
        await Task.Delay(before, cancellationToken);

        var joining = load.Second;
        var joined = await cluster.AddSiloAsync(shape);
        var join = new ScalePhase($"{joined.Name} joins", joining, load.Second, PortOf(joined));
        log.Tell($"{joined.Name} is started in second {joining} and serves in second {load.Second}.");
        await Task.Delay(settle, cancellationToken);
        var leaving = load.Second;
        log.Tell($"{cluster.Silos[0].Name} is told to stop in second {leaving}.");
        await cluster.Silos[0].Server.StopAsync();
        log.Tell($"It has ended in second {load.Second}.");
        var leave = new ScalePhase($"{cluster.Silos[0].Name} leaves", leaving, load.Second, PortOf(cluster.Silos[0]));
        await Task.Delay(settle, cancellationToken);

        var end = load.Second;
        await load.StopAsync();
        await watching.CancelAsync();
        await watch;
        var (stored, missing) = await load.CheckAsync(cancellationToken);
        ScaleTable.Write(output, load.Counts, seconds, [join, leave], end, [.. cluster.Silos.Select(PortOf)]);
        output.WriteLine();
        output.WriteLine($"{stored} keys were acknowledged, {missing} of them are missing.");
        return missing == 0 ? 0 : 1;
    }

    private static int PortOf(ClusterMember silo) => ((SiloServer)silo.Server).Port;

    private static async Task WatchAsync(
        FaultyCluster cluster, OpenLoad load, SortedDictionary<int, IReadOnlyList<(int Port, int Shards)>> seconds, CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Second);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (await cluster.CountShardsAsync() is { Count: > 0 } shards)
                {
                    seconds[load.Second] = shards;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The load has ended.
        }
    }
}
