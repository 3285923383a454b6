namespace KadOrleans.Lab;

/// <summary>A silo joins a loaded cluster, and later another one is told to stop. Counts shards and answers.</summary>
internal static class ScaleRun
{
    private const double OthersRate = 20;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(OptionReader options, CommandIo io, CancellationToken cancellationToken)
    {
        var shape = ClusterShape.Read(options, edges: 2);
        var rate = options.Integer("--rate", 2_000, 1, 100_000);
        var before = options.Seconds("--before", 30);
        var settle = options.Seconds("--settle", 90);
        var log = new ProgressLog(io.Error);
        await using var cluster = await FaultyCluster.StartAsync(shape, log);
        await using var load = await OpenLoad.StartAsync(cluster, new LoadRates(rate / 2.0, OthersRate), log, cancellationToken);
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
        ScaleTable.Write(io.Output, load.Counts, seconds, [join, leave], end);
        io.Output.WriteLine();
        io.Output.WriteLine($"{stored} keys were acknowledged, {missing} of them are missing.");
        return missing == 0 ? 0 : 1;
    }

    private static int PortOf(ClusterMember silo) => ((SiloServer)silo.Server).Port;

    private static Task WatchAsync(
        FaultyCluster cluster, OpenLoad load, SortedDictionary<int, IReadOnlyList<(int Port, int Shards)>> seconds, CancellationToken cancellationToken) =>
        RepeatedWork.RunAsync(
            Second,
            async () =>
            {
                if (await cluster.CountShardsAsync() is { Count: > 0 } shards)
                {
                    seconds[load.Second] = shards;
                }
            },
            cancellationToken);
}

/// <summary>A silo that comes or goes, from the second in which it is told to, until it serves or has ended.</summary>
internal sealed record ScalePhase(string Name, int From, int Done, int Port);

/// <summary>The report of a run that adds and removes silos.</summary>
internal static class ScaleTable
{
    /// <summary>A silo has its share with so much of an equal part of the shards.</summary>
    private const double Share = 0.8;

    /// <summary>Writes a row for each phase, as Markdown.</summary>
    public static void Write(
        TextWriter output,
        SecondCounts counts,
        SortedDictionary<int, IReadOnlyList<(int Port, int Shards)>> seconds,
        IReadOnlyList<ScalePhase> phases,
        int end)
    {
        var usual = Mean(counts, 0, phases[0].From);
        MarkdownTable.Write(
            output,
            [
                "what", "seconds to serve or to end", $"has {100 * Share:F0} % of its share after", "most of any silo at the end, of an equal part",
                "STOREs acknowledged in a second before, mean", "least in a second", "least of 5 seconds", "seconds below 70 %",
            ],
            phases.Select((phase, i) => Row(phase, i + 1 < phases.Count ? phases[i + 1].From : end)));

        string[] Row(ScalePhase phase, int until)
        {
            var rates = Shares.Seconds(phase.From, until).Select(second => (double)counts.Of(second, CallKind.Store).Arrived).ToArray();
            var five = Enumerable.Range(phase.From, Math.Max(1, until - phase.From - 4)).Min(second => Mean(counts, second, second + 5));
            return
            [
                phase.Name, $"{phase.Done - phase.From}", SecondsToShare(seconds, phase, until), MostAtEnd(seconds, until), $"{usual:F0}",
                Percent(rates.Min() / usual), Percent(five / usual), $"{rates.Count(rate => rate < 0.7 * usual)}",
            ];
        }
    }

    private static string SecondsToShare(
        SortedDictionary<int, IReadOnlyList<(int Port, int Shards)>> seconds, ScalePhase phase, int until)
    {
        foreach (var (second, silos) in seconds.Where(entry => entry.Key >= phase.From && entry.Key < until))
        {
            var own = silos.FirstOrDefault(silo => silo.Port == phase.Port).Shards;
            if (own >= Share * silos.Sum(silo => silo.Shards) / silos.Count)
            {
                return $"{second - phase.From} s";
            }
        }

        return "never";
    }

    private static string MostAtEnd(SortedDictionary<int, IReadOnlyList<(int Port, int Shards)>> seconds, int until)
    {
        var silos = seconds.LastOrDefault(entry => entry.Key < until).Value ?? [];
        return silos.Count == 0 ? "–" : Percent(silos.Max(silo => silo.Shards) / silos.Average(silo => silo.Shards));
    }

    private static double Mean(SecondCounts counts, int from, int to) =>
        (double)counts.Sum(from, to, CallKind.Store).Arrived / Math.Max(1, to - from);

    private static string Percent(double share) => $"{100 * share:F0} %";
}
