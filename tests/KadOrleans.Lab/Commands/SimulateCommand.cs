using System.Runtime;

namespace KadOrleans.Lab;

/// <summary><c>kad-lab simulate</c>: a network of real nodes in this process, on virtual time.</summary>
internal static class SimulateCommand
{
    public static Command Create(CommandIo io)
    {
        var options = new SimulateOptions();
        var command = new ExampleCommand("simulate", "Simulate a network: real nodes in one process, on virtual time.")
        {
            Examples =
            [
                "kad-lab simulate --nodes 100000 --lookups 10000",
                "kad-lab simulate --nodes 1000 --dead 20 --loss 2 --latency 20-200 --json",
                "kad-lab simulate --nodes 1000 --hours 24 --churn 10 --values 500",
                "kad-lab simulate --nodes 1000 --hours 720 --churn 10 --values 500 --refresh-interval 24 --walk-interval 0",
            ],
            Notes = $"""
                Networks of up to {SimulationSettings.AlwaysJoin} nodes are built by joins. Larger ones begin with tables as they are
                after a while: of each range that a bucket covers, up to k random nodes, and as many replacements.
                A lookup succeeds if it finds the nearest honest node that answers; it is exact if it finds the nearest k.
                Without --hours lookups run one after another and nodes do nothing by themselves. With it nodes maintain
                themselves, which takes some 0.7 MB of memory for each, and --lookups and --values are spread over the hours.
                A value is lost if no node holds it while it lives. It is outlived if anybody holds or finds it
                once its life is over: {new KademliaOptions().ValueTimeToLive.Days} days after its publisher last sent it out, give or take {ValueFate.Tolerance.TotalMinutes} minutes.
                Most of the work is refreshing buckets and walking: --refresh-interval and --walk-interval make it less.
                """,
        }.With([.. options.All]);
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(
            io, options.Read(parsed), parsed.GetValue(options.Json), cancellationToken)));
        return command;
    }

    private static int Run(CommandIo io, SimulationSettings settings, bool json, CancellationToken cancellationToken)
    {
        // Nobody waits for an answer, so pauses that keep the heap compact are welcome.
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        var startedAt = Stopwatch.GetTimestamp();
        var (lines, requests) = (new ProgressLines(io), 0L);
        var report = new NetworkSimulation(settings, now =>
        {
            requests = now.Requests;
            lines.Say($"{now.Done} of {now.Total} {now.Phase}, {now.Simulated:d\\.hh\\:mm\\:ss} simulated, {requests} requests");
        }).Run(cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        if (lines.HasSpoken)
        {
            io.Error.WriteLine($"Done in {seconds:0.0} s: {requests} requests, {requests / seconds:0} per second, {Environment.WorkingSet >> 20} MiB.");
        }

        var printer = new ResultPrinter(io, json);
        printer.Print(ReportJson.Create(report), () => ReportText.Print(report, printer));
        return ExitCode.Done;
    }
}

/// <summary>The options of <c>kad-lab simulate</c>.</summary>
internal sealed class SimulateOptions
{
    private readonly NumberOption<int> _nodes = new("--nodes", "N", 1, 1_000_000, "How many nodes", 1_000);
    private readonly NumberOption<int> _seed = new("--seed", "S", int.MinValue, int.MaxValue, "Decides all that is left to chance", 1);
    private readonly NumberOption<double> _loss = new("--loss", "PERCENT", 0, 90, "Datagrams that are lost", 0);

    private readonly Option<string> _latency = new("--latency")
    {
        Description = "How long a datagram travels, drawn evenly: 0 to 4000 ms.",
        HelpName = "MS or MIN-MAX",
        DefaultValueFactory = _ => "10-60",
    };

    private readonly NumberOption<double> _churn = new(
        "--churn", "PERCENT", 0, 1_000, "Nodes that leave without a word and are replaced, per hour. Needs --hours", 0);

    private readonly NumberOption<double> _dead = new(
        "--dead", "PERCENT", 0, 99, "Nodes that are silent from the start, though others have them in their tables", 0);

    private readonly NumberOption<double> _liars = new("--liars", "PERCENT", 0, 99, "Nodes that answer with lies", 0);
    private readonly NumberOption<int> _paths = new("--paths", "N", 1, 16, "Disjoint paths of one lookup", 3);
    private readonly NumberOption<int> _lookups = new("--lookups", "M", 0, 10_000_000, "Lookups of random ids", 1_000);

    private readonly NumberOption<double> _hours = new(
        "--hours", "H", 0, 8_760, "How long the network runs, with all that nodes do by themselves, or 0 for as long as the lookups take", 0);

    private readonly NumberOption<int> _values = new("--values", "V", 0, 1_000_000, "Values set at the start, or over the --hours, and looked for", 0);

    private readonly NumberOption<double> _look = new(
        "--look-interval", "HOURS", 0.1, 8_760, "Time between looks at all values, beside the one at the end", 6);

    private readonly NumberOption<double> _refresh = new(
        "--refresh-interval", "HOURS", 0.1, 168, "Nodes refresh a bucket without a lookup for this long", 1);

    private readonly NumberOption<int> _walk = new(
        "--walk-interval", "SECONDS", 0, 86_400, "Time between random walks of a node, or 0 for no walks", 300);

    public IReadOnlyList<Symbol> All =>
        [_nodes, _seed, _loss, _latency, _churn, _dead, _liars, _paths, _lookups, _hours, _values, _look, _refresh, _walk, Json];

    public Option<bool> Json { get; } = CommonOptions.Json();

    public SimulationSettings Read(ParseResult parsed)
    {
        var (min, max) = ReadLatency(parsed.GetValue(_latency)!);
        var (churn, dead, liars, hours) = (_churn.Read(parsed), _dead.Read(parsed), _liars.Read(parsed), _hours.Read(parsed));
        if (dead + liars > 99)
        {
            throw CommandException.WrongUsage(
                $"--dead '{dead}' and --liars '{liars}' leave nobody honest; together at most 99 are allowed.");
        }

        if (churn > 0 && hours == 0)
        {
            throw CommandException.WrongUsage(
                $"--churn is '{churn}' per hour, but --hours is '{hours}'; more than 0 hours, to 8760, are needed.");
        }

        var walk = _walk.Read(parsed);
        return new SimulationSettings
        {
            Nodes = _nodes.Read(parsed),
            Seed = _seed.Read(parsed),
            Network = new NetworkConditions { Loss = _loss.Read(parsed) / 100, MinDelay = min, MaxDelay = max },
            Churn = churn / 100,
            Dead = dead / 100,
            Liars = liars / 100,
            Lookups = _lookups.Read(parsed),
            Duration = TimeSpan.FromHours(hours),
            Values = _values.Read(parsed),
            LookInterval = TimeSpan.FromHours(_look.Read(parsed)),
            Kademlia = new KademliaOptions
            {
                BucketRefreshInterval = TimeSpan.FromHours(_refresh.Read(parsed)),
                DisjointPaths = _paths.Read(parsed),
            },
            RandomWalk = walk == 0 ? new RandomWalkOptions { AutoRefresh = false } : new RandomWalkOptions { Interval = TimeSpan.FromSeconds(walk) },
        };
    }

    private static (TimeSpan Min, TimeSpan Max) ReadLatency(string text)
    {
        var parts = text.Split('-', 2);
        return TryParse(parts[0], 0, out var min) && TryParse(parts[^1], min, out var max)
            ? (TimeSpan.FromMilliseconds(min), TimeSpan.FromMilliseconds(max))
            : throw CommandException.WrongUsage($"--latency is '{text}'; MS or MIN-MAX is needed, each 0 to 4000, MAX not below MIN.");
    }

    private static bool TryParse(string text, double least, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && number >= least && number <= 4_000;
}
