using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.Lab.Benchmarking;

namespace KadOrleans.Lab.Commands;

/// <summary>The options of <c>kad-lab bench</c>.</summary>
internal sealed class BenchOptions
{
    private const int MostSeconds = 3_600;
    private const int MostRate = 10_000_000;
    private const int MostKeys = 10_000_000;
    private const int MostContacts = BenchSettings.DefaultContacts;
    private const int DefaultInFlight = 256;
    private const int DefaultInFlightAtRate = 16_384;
    private const int DefaultKeys = 10_000;
    private const int DefaultKeysOfGiven = 1_000;

    private static readonly Dictionary<string, BenchOperation> Operations =
        Enum.GetValues<BenchOperation>().ToDictionary(BenchSession.NameOf);

    private readonly Option<string[]> _target = new("--target")
    {
        Description = $"A node that you run, perhaps with a name: edge=127.0.0.1:7821. '{BenchTarget.Self}' is one that is started. "
            + $"Repeatable: they are measured in turns. [default: {BenchTarget.Self}]",
        HelpName = "HOST:PORT",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _operation = Text("--op", "OP", "What to ask: ping, find_node, find_value, find_missing, store (held keys), store_new (each key once), or a mix. [default: mix]");
    private readonly Option<string?> _seconds = Text("--seconds", "N", $"How long to measure each, 1 to {MostSeconds}. [default: 5]");

    private readonly Option<string?> _warmUp = Text(
        "--warm-up", "N", $"How long to warm each up before, 1 to {MostSeconds}. While a node compiles its code it is slower. [default: 4]");

    private readonly Option<string?> _inFlight = Text(
        "--in-flight",
        "N",
        $"Requests under way at most, 1 to {LoadGenerator.MostInFlight}. [default: {DefaultInFlight}; {DefaultInFlightAtRate} with --rate]");

    private readonly Option<string?> _sources = Text(
        "--sources",
        "N",
        $"Loopback addresses that ask, 1 to {LoopbackSources.Most}, as a node limits each. [default: {BenchSettings.DefaultSources}; 1 for a target elsewhere]");

    private readonly Option<string?> _rate = Text(
        "--rate", "N", $"Requests per second, 1 to {MostRate}, sent whether or not answers come. [default: the next when one is answered]");

    private readonly Option<string?> _contacts = Text(
        "--contacts", "N", $"Contacts that each target gets, 0 to {MostContacts}. [default: {MostContacts}; 0 for a node that you run]");

    private readonly Option<string?> _keys = Text(
        "--keys",
        "N",
        $"Keys of {RequestTemplate.ValueLength} bytes that each holds, 1 to {MostKeys}. [default: {DefaultKeys}; {DefaultKeysOfGiven} with nodes that you run]");

    private readonly Option<string?> _hot = Text(
        "--hot", "PERCENT", "Ask for this part of the keys alone, 1 to 100. [default: 100]");

    private readonly Option<string?> _python = new("--python")
    {
        Description = "Start the Python implementation too, and measure it in turns: an interpreter that can import kademlia. "
            + $"[default: {PythonReference.DefaultInterpreter}]",
        HelpName = "INTERPRETER",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _baseline = new("--baseline")
    {
        Description = "Measure plain UDP echoes of the same sizes in turns with the nodes, and print the ratios.",
    };

    private readonly Option<bool> _cold = new("--cold")
    {
        Description = "Measure each target from its first second on, and print the responses of each second. The load warms up on an echo.",
    };

    private readonly Option<bool> _json = CommonOptions.Json();

    /// <summary>All of them, in the order of the help.</summary>
    public IReadOnlyList<Option> All => [_target, _operation, _seconds, _warmUp, _inFlight, _sources, _rate, _contacts, _keys, _hot, _python, _baseline, _cold, _json];

    /// <summary>What was asked for.</summary>
    /// <exception cref="CommandException">An option is wrong, or two exclude each other.</exception>
    public BenchSettings Read(ParseResult parsed)
    {
        var targets = ReadTargets(parsed);
        var operation = parsed.GetValue(_operation) ?? "mix";
        var rate = Whole(parsed, _rate, 1, MostRate);
        var baseline = parsed.GetValue(_baseline);
        return new BenchSettings
        {
            Targets = targets,
            Operation = Operations.TryGetValue(operation, out var known)
                ? known
                : throw CommandException.WrongUsage($"--op is '{operation}'; {string.Join(", ", Operations.Keys)} are allowed."),
            Duration = TimeSpan.FromSeconds(Whole(parsed, _seconds, 1, MostSeconds) ?? 5),
            WarmUp = TimeSpan.FromSeconds(Whole(parsed, _warmUp, 1, MostSeconds) ?? 4),
            InFlight = Whole(parsed, _inFlight, 1, LoadGenerator.MostInFlight) ?? (rate is null ? DefaultInFlight : DefaultInFlightAtRate),
            Sources = Whole(parsed, _sources, 1, LoopbackSources.Most),
            Rate = rate,
            Contacts = Whole(parsed, _contacts, 0, MostContacts),
            Keys = Whole(parsed, _keys, 1, MostKeys)
                ?? (targets.Any(target => target.Kind == TargetKind.Given) ? DefaultKeysOfGiven : DefaultKeys),
            HotPercent = Whole(parsed, _hot, 1, 100) ?? 100,
            Python = parsed.GetValue(_python) ?? PythonReference.DefaultInterpreter,
            Baseline = baseline,
            Cold = parsed.GetValue(_cold) && (targets.Count > 1 || baseline)
                ? throw CommandException.WrongUsage("--cold measures one target; --baseline and further targets, which are measured in turns with it, are not allowed.")
                : parsed.GetValue(_cold),
            Json = parsed.GetValue(_json),
        };
    }

    private List<BenchTarget> ReadTargets(ParseResult parsed)
    {
        var targets = new List<BenchTarget>();
        foreach (var text in parsed.GetValue(_target) ?? [])
        {
            targets.Add(ParseTarget(text));
        }

        if (targets.Count == 0)
        {
            targets.Add(BenchTarget.Started);
        }

        if (parsed.GetResult(_python) is not null)
        {
            targets.Add(BenchTarget.Python);
        }

        return targets.GroupBy(target => target.Name).FirstOrDefault(same => same.Count() > 1) is { Key: var name }
            ? throw CommandException.WrongUsage($"--target: two are named '{name}'; each needs a name of its own, such as edge=127.0.0.1:7821.")
            : targets;
    }

    private BenchTarget ParseTarget(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (name, address) = equals < 0 ? (text, text) : (text[..equals], text[(equals + 1)..]);
        if (string.IsNullOrWhiteSpace(name))
        {
            throw CommandException.WrongUsage($"{_target.Name} is '{text}'; a name is needed before the =, such as edge=127.0.0.1:7821.");
        }

        return address == BenchTarget.Self
            ? new BenchTarget(name, TargetKind.Started)
            : new BenchTarget(name, TargetKind.Given, Endpoints.ParseHost(_target.Name, address));
    }

    private static int? Whole(ParseResult parsed, Option<string?> option, int least, int most) =>
        parsed.GetValue(option) is { } text ? Numbers.ParseWhole(option.Name, text, least, most) : null;

    private static Option<string?> Text(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape };
}
