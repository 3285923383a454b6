using System.Runtime;

namespace KadOrleans.Lab;

/// <summary><c>kad-lab cut</c>: a network of real nodes on virtual time, some of which are cut off from the others for a while.</summary>
internal static class CutCommand
{
    private static readonly NumberOption<int> Nodes = new("--nodes", "N", 2, 10_000, "How many nodes", 100);
    private static readonly NumberOption<int> CutOff = new("--cut-off", "N", 0, 9_999, "Nodes cut off together, or 0 for no cut", 50);
    private static readonly NumberOption<double> Minutes = new("--minutes", "M", 0.1, 1_440, "How long the cut lasts", 10);
    private static readonly NumberOption<double> Before = new("--before", "M", 1, 1_440, "Minutes before the cut", 20);
    private static readonly NumberOption<double> After = new("--after", "M", 1, 1_440, "Minutes after the cut, at whose end lookups count", 5);
    private static readonly NumberOption<int> Lookups = new("--lookups", "N", 4, 1_000_000, "Lookups of random ids that count", 400);
    private static readonly NumberOption<int> Values = new("--values", "N", 0, 10_000, "Values set in each part during the cut", 20);
    private static readonly NumberOption<int> Seed = new("--seed", "S", int.MinValue, int.MaxValue, "Decides all that is left to chance", 1);
    private static readonly NumberOption<double> Loss = new("--loss", "PERCENT", 0, 90, "Datagrams that are lost", 0);
    private static readonly NumberOption<int> Walk = new("--walk-interval", "SECONDS", 1, 86_400, "Time between random walks of a node", 300);

    private static readonly Option<bool> Bootstrap = new("--bootstrap")
    {
        Description = "Nodes are configured with three others; without it those serve the first join alone.",
    };

    private static readonly Option<bool> Leave = new("--leave")
    {
        Description = "The nodes are killed in place of cut off, and do not come back.",
    };

    public static Command Create(CommandIo io)
    {
        var json = CommonOptions.Json();
        var command = new ExampleCommand("cut", "Cut a simulated network in two for a while, and judge what comes back.")
        {
            Examples =
            [
                "kad-lab cut --nodes 1000 --cut-off 500 --minutes 60",
                "kad-lab cut --nodes 1000 --cut-off 0 --minutes 60 --json",
                "kad-lab cut --nodes 100 --cut-off 10 --leave --minutes 360",
            ],
            Notes = "A run with --cut-off 0 and the same other options is the one to compare with.",
        }.With(Nodes, CutOff, Minutes, Before, After, Lookups, Values, Seed, Loss, Walk, Bootstrap, Leave, json);
        command.SetAction((parsed, cancellationToken) =>
        {
            GCSettings.LatencyMode = GCLatencyMode.Batch;
            var report = new CutSimulation(Read(parsed)).Run();
            var printer = new ResultPrinter(io, parsed.GetValue(json));
            printer.Print(ToJson(report), () => Print(report, printer));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static CutSettings Read(ParseResult parsed)
    {
        var (nodes, cutOff) = (Nodes.Read(parsed), CutOff.Read(parsed));
        return cutOff >= nodes
            ? throw CommandException.WrongUsage($"--cut-off is '{cutOff}'; fewer than --nodes, {nodes}, are allowed.")
            : new CutSettings
            {
                Nodes = nodes,
                CutOff = cutOff,
                Length = TimeSpan.FromMinutes(Minutes.Read(parsed)),
                Before = TimeSpan.FromMinutes(Before.Read(parsed)),
                After = TimeSpan.FromMinutes(After.Read(parsed)),
                Lookups = Lookups.Read(parsed),
                Values = Values.Read(parsed),
                Seed = Seed.Read(parsed),
                HasBootstrap = parsed.GetValue(Bootstrap),
                Leaves = parsed.GetValue(Leave),
                Network = new NetworkConditions { Loss = Loss.Read(parsed) / 100 },
                RandomWalk = new RandomWalkOptions { Interval = TimeSpan.FromSeconds(Walk.Read(parsed)) },
            };
    }

    private static JsonObject ToJson(CutReport report) => new()
    {
        ["minutes"] = new JsonArray([.. report.Minutes.Select(one => new JsonObject { ["success"] = one.Success, ["exact"] = one.Exact })]),
        ["found"] = report.Found,
        ["later"] = report.Later,
        ["earlier"] = report.Earlier,
        ["datagramsBefore"] = Math.Round(report.DatagramsBefore, 1),
        ["datagramsDuring"] = Math.Round(report.DatagramsDuring, 1),
        ["datagramsAfter"] = Math.Round(report.DatagramsAfter, 1),
        ["hours"] = new JsonArray([.. report.Hours.Select(hour => new JsonObject
        {
            ["datagrams"] = Math.Round(hour.Datagrams, 1),
            ["asked"] = Math.Round(hour.Asked, 2),
        })]),
    };

    private static void Print(CutReport report, ResultPrinter printer)
    {
        foreach (var (index, minute) in report.Minutes.Index())
        {
            printer.Line($"minute {index + 1}: nearest found {Percent(minute.Success)}, exact k {Percent(minute.Exact)}");
        }

        foreach (var (index, hour) in report.Hours.Index())
        {
            printer.Line($"hour {index + 1}: {hour.Datagrams:0} datagrams per node, {hour.Asked:0.0} former contacts and bootstrap nodes asked");
        }

        printer.Line($"values of the other part found: {Percent(report.Found)}");
        printer.Line($"keys set in both: later value {Percent(report.Later)}, earlier {Percent(report.Earlier)}");
        printer.Line(
            $"datagrams per node and hour: {report.DatagramsBefore:0} before, {report.DatagramsDuring:0} during, {report.DatagramsAfter:0} after");
    }

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);
}
