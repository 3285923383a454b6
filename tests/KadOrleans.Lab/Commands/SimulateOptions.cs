using System.CommandLine;
using System.Globalization;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.Core;
using KadOrleans.Node.RandomWalks;
using KadOrleans.Simulation;
using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Lab.Commands;

/// <summary>The options of <c>kad-lab simulate</c>.</summary>
internal sealed class SimulateOptions
{
    private const int MaxNodes = 1_000_000;

    private readonly Option<string> _nodes = Number("--nodes", "N", $"How many nodes: 1 to {MaxNodes}.", "1000");
    private readonly Option<string> _seed = Number("--seed", "S", "Decides all that is left to chance: the same seed, the same output. Any whole number of 32 bits.", "1");
    private readonly Option<string> _loss = Number("--loss", "PERCENT", "Datagrams that are lost: 0 to 90.", "0");

    private readonly Option<string> _latency = Number(
        "--latency", "MS or MIN-MAX", "How long a datagram travels, drawn evenly: 0 to 4000 ms.", "10-60");

    private readonly Option<string> _churn = Number(
        "--churn", "PERCENT", "Nodes that leave without a word and are replaced, per hour: 0 to 1000. Needs --hours.", "0");

    private readonly Option<string> _dead = Number(
        "--dead", "PERCENT", "Nodes that are silent from the start, though others have them in their tables: 0 to 99.", "0");

    private readonly Option<string> _liars = Number("--liars", "PERCENT", "Nodes that answer with lies: 0 to 99.", "0");
    private readonly Option<string> _paths = Number("--paths", "N", "Disjoint paths of one lookup: 1 to 16.", "3");
    private readonly Option<string> _lookups = Number("--lookups", "M", "Lookups of random ids: 0 to 10000000.", "1000");

    private readonly Option<string> _hours = Number(
        "--hours", "H", "How long the network runs, with all that nodes do by themselves: 0 to 8760. 0: as long as the lookups take.", "0");

    private readonly Option<string> _values = Number("--values", "V", "Values set at the start, or over the --hours, and looked for: 0 to 1000000.", "0");

    private readonly Option<string> _look = Number(
        "--look-interval", "HOURS", "Time between looks at all values, beside the one at the end: 0.1 to 8760.", "6");

    private readonly Option<string> _refresh = Number(
        "--refresh-interval", "HOURS", "Nodes refresh a bucket without a lookup for this long: 0.1 to 168.", "1");

    private readonly Option<string> _walk = Number(
        "--walk-interval", "SECONDS", "Time between random walks of a node: 1 to 86400, or 0 for no walks.", "300");

    private readonly Option<bool> _join = new("--join") { Description = "Have all nodes join one by one, in networks of any size." };
    private readonly Option<bool> _json = CommonOptions.Json();

    private readonly Option<string?> _csv = new("--csv")
    {
        Description = "Write the results into this file, as one line of headings and one of numbers.",
        HelpName = "FILE",
    };

    /// <summary>All of them, in the order of the help.</summary>
    public IReadOnlyList<Option> All =>
        [_nodes, _seed, _loss, _latency, _churn, _dead, _liars, _paths, _lookups, _hours, _values, _look, _refresh, _walk, _join, _json, _csv];

    /// <summary>Whether results are JSON.</summary>
    public bool ReadJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>The file for results, or null.</summary>
    public string? ReadCsv(ParseResult parsed) => parsed.GetValue(_csv);

    /// <summary>What was asked for.</summary>
    /// <exception cref="CommandException">A number is none, or out of its limits, or does not go with another.</exception>
    public SimulationSettings Read(ParseResult parsed)
    {
        var (min, max) = ReadLatency(parsed.GetValue(_latency)!);
        var settings = new SimulationSettings
        {
            Nodes = ReadWhole(parsed, _nodes, 1, MaxNodes),
            Seed = ReadWhole(parsed, _seed, int.MinValue, int.MaxValue),
            Network = new NetworkConditions { Loss = ReadShare(parsed, _loss, 90), MinDelay = min, MaxDelay = max },
            Churn = ReadShare(parsed, _churn, 1_000),
            Dead = ReadShare(parsed, _dead, 99),
            Liars = ReadShare(parsed, _liars, 99),
            Lookups = ReadWhole(parsed, _lookups, 0, 10_000_000),
            Duration = ReadHours(parsed, _hours, 0, 8_760),
            Values = ReadWhole(parsed, _values, 0, 1_000_000),
            LookInterval = ReadHours(parsed, _look, 0.1, 8_760),
            Kademlia = new KademliaOptions
            {
                BucketRefreshInterval = ReadHours(parsed, _refresh, 0.1, 168),
                DisjointPaths = ReadWhole(parsed, _paths, 1, 16),
            },
            RandomWalk = ReadWalks(parsed),
            Join = parsed.GetValue(_join),
        };
        if (settings.Dead + settings.Liars > 0.99)
        {
            throw CommandException.WrongUsage(
                $"--dead '{parsed.GetValue(_dead)}' and --liars '{parsed.GetValue(_liars)}' leave nobody honest; together at most 99 are allowed.");
        }

        return settings.Churn > 0 && settings.Duration == TimeSpan.Zero
            ? throw CommandException.WrongUsage(
                $"--churn is '{parsed.GetValue(_churn)}' per hour, but --hours is '{parsed.GetValue(_hours)}'; more than 0 hours, to 8760, are needed.")
            : settings;
    }

    private static (TimeSpan Min, TimeSpan Max) ReadLatency(string text)
    {
        var parts = text.Split('-', 2);
        return TryParse(parts[0], 0, 4_000, out var min)
            && TryParse(parts[^1], min, 4_000, out var max)
            ? (TimeSpan.FromMilliseconds(min), TimeSpan.FromMilliseconds(max))
            : throw CommandException.WrongUsage($"--latency is '{text}'; MS or MIN-MAX is needed, each 0 to 4000, MAX not below MIN.");
    }

    private RandomWalkOptions ReadWalks(ParseResult parsed) => ReadWhole(parsed, _walk, 0, 86_400) switch
    {
        0 => new RandomWalkOptions { AutoRefresh = false },
        var seconds => new RandomWalkOptions { Interval = TimeSpan.FromSeconds(seconds) },
    };

    private static TimeSpan ReadHours(ParseResult parsed, Option<string> option, double least, double most) =>
        TimeSpan.FromHours(ParseNumber(option.Name, parsed.GetValue(option)!, least, most));

    private static int ReadWhole(ParseResult parsed, Option<string> option, int least, int most) =>
        Numbers.ParseWhole(option.Name, parsed.GetValue(option)!, least, most);

    private static double ParseNumber(string name, string text, double least, double most) =>
        Numbers.Parse(name, text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, least, most, "a number");

    private static bool TryParse(string text, double least, double most, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
        && number >= least
        && number <= most;

    private static double ReadShare(ParseResult parsed, Option<string> option, double most) =>
        ParseNumber(option.Name, parsed.GetValue(option)!, 0, most) / 100;

    private static Option<string> Number(string name, string shape, string description, string standard) => new(name)
    {
        Description = description,
        HelpName = shape,
        DefaultValueFactory = _ => standard,
    };
}
