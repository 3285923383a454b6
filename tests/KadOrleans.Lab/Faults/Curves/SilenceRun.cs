namespace KadOrleans.Lab;

/// <summary>Kills each silo in turn under load, starts it again once the others have declared it dead, and counts answers by the second.</summary>
internal static class SilenceRun
{
    private const double OthersRate = 20;

    private static readonly TimeSpan LongestToDead = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    public static async Task<int> RunAsync(OptionReader given, CommandIo io, CancellationToken cancellationToken)
    {
        var options = SilenceOptions.Read(given);
        var log = new ProgressLog(io.Error);
        await using var cluster = await FaultyCluster.StartAsync(options.Shape, log);
        var rates = new LoadRates(options.Rate / 2.0, OthersRate);
        await using var load = await OpenLoad.StartAsync(cluster, rates, log, cancellationToken, options.Held);
        await Task.Delay(options.Before, cancellationToken);
        var kills = new List<Kill>();
        foreach (var silo in cluster.Silos)
        {
            kills.Add(await KillAsync(silo, cluster, load, options, log, cancellationToken));
        }

        var end = load.Second;
        await load.StopAsync();
        await WriteAsync(options, load.Counts, kills, end, io.Output);
        return 0;
    }

    private static async Task<Kill> KillAsync(
        ClusterMember silo, FaultyCluster cluster, OpenLoad load, SilenceOptions options, ProgressLog log, CancellationToken cancellationToken)
    {
        int[] shards = [.. (await cluster.CountShardsAsync()).Select(silo => silo.Shards)];
        var killed = load.Second;
        await silo.Server.KillAsync();
        log.Tell($"{silo.Name} is killed in second {killed}; shards by silo: {string.Join(", ", shards)}");
        var other = cluster.Silos.First(member => member != silo);
        var patience = DateTime.UtcNow + LongestToDead;
        while (await cluster.CountActiveAsync(other) != cluster.Silos.Count - 1 && DateTime.UtcNow < patience)
        {
            await Task.Delay(LookInterval, cancellationToken);
        }

        var started = load.Second;
        log.Tell($"{silo.Name} is declared dead in second {started} and started.");
        await cluster.RestartAsync(silo);
        log.Tell($"{silo.Name} serves in second {load.Second}.");
        await Task.Delay(options.Settle, cancellationToken);
        return new Kill(silo.Name, killed, started, shards);
    }

    private static async Task WriteAsync(SilenceOptions options, SecondCounts counts, IReadOnlyList<Kill> kills, int end, TextWriter output)
    {
        if (options.Csv is { } csv)
        {
            await counts.WriteCsvAsync(csv);
        }

        if (options.Svg is { } svg)
        {
            var marks = kills.SelectMany(kill => (CurveMark[])
                [new(kill.Killed, $"{kill.Silo} killed", true), new(kill.Started, "started", false)]).ToArray();
            var title = $"Share answered of {options.Rate} FIND_VALUE and STORE a second through {options.Shape.Edges} edge(s), {options.Shape.Silos} silos";
            await File.WriteAllTextAsync(svg, CurvePicture.Draw(counts, marks, title));
        }

        KillSummary.Write(output, kills.Select((kill, i) => KillSummary.Of(
            counts, kill.Killed, kill.Started, EndOf(i), kill.Silo, kill.Shards)));
        output.WriteLine();
        SoonSummary.Write(output, kills.Select((kill, i) => SoonSummary.Of(counts, kill.Killed, EndOf(i), kill.Silo)));

        int EndOf(int i) => i + 1 < kills.Count ? kills[i + 1].Killed : end;
    }

    private sealed record Kill(string Silo, int Killed, int Started, IReadOnlyList<int> Shards);
}

/// <summary>How silos are killed under load.</summary>
internal sealed record SilenceOptions(ClusterShape Shape, int Rate, TimeSpan Before, TimeSpan Settle, int? Held, string? Csv, string? Svg)
{
    public static SilenceOptions Read(OptionReader options)
    {
        var shape = ClusterShape.Read(options, edges: 1);
        return shape.Silos == 1
            ? throw CommandException.WrongUsage("--silos is 1; at least 2 are needed, as one stays.")
            : new SilenceOptions(
                shape,
                options.Integer("--rate", 3_000, 1, 100_000),
                options.Seconds("--before", 30),
                options.Seconds("--settle", 60),
                options.Integer("--held", 0, 1, OpenLoad.Keys) is var held and > 0 ? held : null,
                options.Text("--csv"),
                options.Text("--svg"));
    }
}
