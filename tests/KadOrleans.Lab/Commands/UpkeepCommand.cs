using System.Runtime;

namespace KadOrleans.Lab;

/// <summary><c>kad-lab upkeep</c>: what it costs a network of real nodes on virtual time to keep values alive.</summary>
internal static class UpkeepCommand
{
    private static readonly NumberOption<int> Nodes = new("--nodes", "N", 2, 100_000, "How many nodes", 1_000);
    private static readonly NumberOption<int> Values = new("--values", "N", 0, 1_000_000, "Values that are kept alive", 10_000);

    private static readonly NumberOption<double> Dead = new(
        "--dead", "PERCENT", 0, 99, "Nodes that are silent from the start, though others have them in their tables", 0);

    private static readonly NumberOption<double> Churn = new(
        "--churn", "PERCENT", 0, 1_000, "Nodes that leave without a word and are replaced, per hour", 0);

    private static readonly NumberOption<int> Bytes = new("--bytes", "N", 1, StoreRules.MaxContentLength, "The length of each value", 64);

    private static readonly NumberOption<long> Upload = new(
        "--upload", "BYTES", 0, UploadLimits.Most, "Bytes that each node uploads a second, or 0 for no bound", 0);

    private static readonly NumberOption<double> Hours = new(
        "--hours", "H", 0.1, 48, "How long the network runs; with --own or --alone at most, as all is sent sooner", 3);

    private static readonly NumberOption<double> Spread = new(
        "--spread", "MINUTES", 0, 60, "Over how much of the first hour values become due, evenly, or 0 for all at once", 60);

    private static readonly NumberOption<int> Seed = new("--seed", "S", int.MinValue, int.MaxValue, "Decides all that is left to chance", 1);

    private static readonly Option<bool> Own = new("--own")
    {
        Description = "The values are publications of one node, all due from the start, in place of values that their k nearest hold.",
    };

    private static readonly Option<bool> Alone = new("--alone")
    {
        Description = "One node alone holds the values, all due from the start, in place of their k nearest: how fast it sends them.",
    };

    public static Command Create(CommandIo io)
    {
        var json = CommonOptions.Json();
        var command = new ExampleCommand("upkeep", "Keep values alive in a simulated network, and count what that costs.")
        {
            Examples =
            [
                "kad-lab upkeep --nodes 1000 --values 10000 --seed 1",
                "kad-lab upkeep --nodes 1000 --values 10000 --dead 20 --churn 10 --spread 0 --json",
                "kad-lab upkeep --nodes 1000 --values 10000 --own --upload 2000000",
                "kad-lab upkeep --nodes 100 --values 240000 --alone",
            ],
            Notes = $"""
                Networks of up to {SimulationSettings.AlwaysJoin} nodes are built by joins. Larger ones begin with tables as they are after a while.
                Values are put straight into the stores of their k nearest nodes, with the time of their last STORE in the past.
                Left out: random walks, the refresh of buckets, the search for former contacts, publishers of held values. With --own,
                holders republish nothing. What a join of a newcomer takes, and STUN, is counted apart.
                A value sent is one that a node sends to nine tenths of its k nearest or more; other STOREs are hand-offs.
                Lateness is the time from a value's interval after it was last sent to its first STORE. Nodes look once a minute what is
                due, and holders take turns within ten minutes. With --values 0 the traffic is what joins leave behind.
                """,
        }.With(Nodes, Values, Dead, Churn, Bytes, Upload, Hours, Spread, Own, Alone, Seed, json);
        command.SetAction((parsed, cancellationToken) =>
            Task.FromResult(Run(io, Read(parsed), new ResultPrinter(io, parsed.GetValue(json)), cancellationToken)));
        return command;
    }

    private static int Run(CommandIo io, UpkeepSettings settings, ResultPrinter printer, CancellationToken cancellationToken)
    {
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        var lines = new ProgressLines(io);
        var report = new UpkeepSimulation(settings, (phase, done, total) => lines.Say($"{done} of {total} {phase}")).Run(cancellationToken);
        return printer.Print(UpkeepOutput.ToJson(report), () => UpkeepOutput.Print(report, printer));
    }

    private static UpkeepSettings Read(ParseResult parsed)
    {
        var (isOwn, isAlone, upload) = (parsed.GetValue(Own), parsed.GetValue(Alone), Upload.Read(parsed));
        if (isOwn && isAlone)
        {
            throw CommandException.WrongUsage("With --own nobody holds the values, and with --alone one node does: leave one of them out.");
        }

        if ((isOwn || isAlone) && parsed.GetValue(Spread) is { } spread)
        {
            throw CommandException.WrongUsage(
                $"--spread is '{spread}', but with {(isOwn ? "--own" : "--alone")} all values are due from the start: leave one of them out.");
        }

        return upload is 0 or >= UploadLimits.Least
            ? new UpkeepSettings
            {
                Nodes = Nodes.Read(parsed),
                Values = Values.Read(parsed),
                Dead = Dead.Read(parsed) / 100,
                Churn = Churn.Read(parsed) / 100,
                Bytes = Bytes.Read(parsed),
                Upload = upload,
                Duration = TimeSpan.FromHours(Hours.Read(parsed)),
                Spread = TimeSpan.FromMinutes(Spread.Read(parsed)),
                IsOwn = isOwn,
                IsAlone = isAlone,
                Seed = Seed.Read(parsed),
            }
            : throw CommandException.WrongUsage($"--upload is '{upload}'; {UploadLimits.Least} to {UploadLimits.Most} bytes per second are allowed, or 0 for no bound.");
    }
}
