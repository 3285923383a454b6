namespace KadOrleans.Lab;

/// <summary>
/// The processor time of silos and edges: idle, and for each STORE and each FIND_VALUE at steady rates. Each FIND_VALUE asks for a key that
/// no edge was asked for before, and that the cluster holds. So a silo has to answer.
/// </summary>
internal static class CpuRun
{
    /// <summary>Code that runs often is compiled anew after its first calls, which at some hundred calls a second takes long.</summary>
    private static readonly TimeSpan Heating = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(OptionReader options, CommandIo io, CancellationToken cancellationToken)
    {
        var shape = ClusterShape.Read(options, edges: 2);
        var least = options.Integer("--rate", 1_000, 1, 100_000);
        var most = options.Integer("--to-rate", least, least, 100_000);
        var time = options.Seconds("--seconds", 20);
        var log = new ProgressLog(io.Error);
        await using var cluster = await FaultyCluster.StartAsync(shape, log);
        var stored = await HeatAsync(cluster, most, log, cancellationToken);
        var idle = await MeasureAsync(cluster, time, cancellationToken);
        io.Output.WriteLine($"{shape.Silos} silos, idle: {idle.Silos * 1e3:0.0} ms of processor time a second of silos, {idle.Edges * 1e3:0.0} ms of edges");
        foreach (var kind in (CallKind[])[CallKind.Store, CallKind.FindValue])
        {
            var (wanted, unasked) = (new Queue<int>(stored), (long)stored.Count);
            for (var rate = least; rate <= most; rate *= 2)
            {
                // A second more than it takes.
                var calls = (long)(rate * ((Settling + time).TotalSeconds + 1));
                if (kind == CallKind.FindValue && (unasked -= calls) < 0)
                {
                    throw CommandException.WrongUsage(
                        $"--to-rate is {most} and --seconds {time.TotalSeconds}: at {rate} a second FIND_VALUEs take {calls} keys that no edge was asked for, of {unasked + calls} that are left. Lower rates or a shorter time are allowed.");
                }

                await using var load = new OpenLoad(cluster.EdgeAddresses, new LoadRates(rate, Others: 0) { Only = kind }, seed: rate)
                {
                    Wanted = wanted,
                };
                load.Start();
                await Task.Delay(Settling, cancellationToken);
                var from = load.Second;
                var busy = await MeasureAsync(cluster, time, cancellationToken);
                var to = load.Second;
                await load.StopAsync();
                stored.UnionWith(load.Stored);

                var counts = load.Counts.Sum(from, to, kind);
                var sent = counts.Sent / (double)(to - from);
                io.Output.WriteLine($"{shape.Silos} silos, {kind}, {sent:0} a second, {counts.Share:P1} answered, {counts.WithValue} with a value; us of each: {Of(busy.Silos)} of silos, {Of(busy.Silos - idle.Silos)} without idle, {Of(busy.Edges)} of edges");

                string Of(double seconds) => $"{seconds / sent * 1e6:0}";
            }
        }

        return 0;
    }

    private static async Task<HashSet<int>> HeatAsync(FaultyCluster cluster, int rate, ProgressLog log, CancellationToken cancellationToken)
    {
        await using var load = await OpenLoad.StartAsync(cluster, new LoadRates(rate / 2.0, Others: 0), log, cancellationToken);
        await Task.Delay(Heating, cancellationToken);
        await load.StopAsync();
        await Task.Delay(Settling, cancellationToken);
        return [.. load.Stored];
    }

    private static async Task<(double Silos, double Edges)> MeasureAsync(FaultyCluster cluster, TimeSpan time, CancellationToken cancellationToken)
    {
        var (start, silos, edges) = (Stopwatch.GetTimestamp(), TimeOf(cluster.Silos), TimeOf(cluster.Edges));
        await Task.Delay(time, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return ((TimeOf(cluster.Silos) - silos) / elapsed, (TimeOf(cluster.Edges) - edges) / elapsed);
    }

    private static TimeSpan TimeOf(IEnumerable<ClusterMember> members) =>
        members.Aggregate(TimeSpan.Zero, (sum, member) => sum + member.Server.ProcessorTime);
}
