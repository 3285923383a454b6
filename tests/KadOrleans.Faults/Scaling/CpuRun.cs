using System.Globalization;
using KadOrleans.Faults.Calls;
using KadOrleans.Faults.Clusters;
using KadOrleans.Faults.Curves;
using KadOrleans.Faults.Options;

namespace KadOrleans.Faults.Scaling;

/// <summary>The processor time that silos and edges take for each STORE and each FIND_VALUE, at a steady rate.</summary>
internal static class CpuRun
{
    /// <summary>How arguments are given.</summary>
    public const string Usage = """
        cpu      [--storage postgresql|sqlite|azurite] [--rate 1000] [--silos 3] [--edges 2] [--seconds 20] [--shard-bits 7]
                 [--build FOLDER] [--scripts FOLDER]
        """;

    /// <summary>Code is compiled and connections are made before the measurement.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    /// <summary>Runs the command: progress to <paramref name="error"/>, a line for each kind to <paramref name="output"/>.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var options = new OptionReader(args);
        var shape = ClusterShape.Read(options, edges: 2);
        var rate = options.Integer("--rate", 1_000, 1, 100_000);
        var time = options.Seconds("--seconds", 20);
        options.RefuseOthers();

        var log = new ProgressLog(error);
        await using var cluster = await FaultyCluster.StartAsync(shape, log);
        foreach (var kind in (CallKind[])[CallKind.Store, CallKind.FindValue])
        {
            await using var load = new OpenLoad(cluster.EdgeAddresses, new LoadRates(rate, Others: 0) { Only = kind });
            await load.FillAsync(cancellationToken);
            load.Start();
            await Task.Delay(WarmUp, cancellationToken);
            var (from, silos, edges) = (load.Second, TimeOf(cluster.Silos), TimeOf(cluster.Edges));
            await Task.Delay(time, cancellationToken);
            (silos, edges) = (TimeOf(cluster.Silos) - silos, TimeOf(cluster.Edges) - edges);
            var to = load.Second;
            await load.StopAsync();

            var counts = load.Counts.Sum(from, to, kind);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{shape.Silos} silos, {kind}: {counts.Sent} sent, {counts.Share:P1} answered; processor time of each: "
                + $"{silos.TotalMicroseconds / counts.Sent:0} us of silos, {edges.TotalMicroseconds / counts.Sent:0} us of edges"));
        }

        return 0;
    }

    private static TimeSpan TimeOf(IEnumerable<ClusterMember> members) =>
        members.Aggregate(TimeSpan.Zero, (sum, member) => sum + member.Server.ProcessorTime);
}
