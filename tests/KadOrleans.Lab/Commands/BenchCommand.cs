namespace KadOrleans.Lab;

/// <summary><c>kad-lab bench</c>: how many requests a node answers, and how fast.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandIo io)
    {
        var options = new BenchOptions();
        var command = new ExampleCommand("bench", "Load nodes with requests, and time their answers. Linux only.")
        {
            Examples =
            [
                "kad-lab bench --op find_node --baseline",
                "kad-lab bench --op find_node --rate 50000 --seconds 10",
                "kad-lab bench --op mix --target 127.0.0.1:8468 --json",
                "kad-lab bench --op store --target 127.0.0.1:8468 --seconds 30 --cold",
                "kad-lab bench --op find_node --target self --target edge=127.0.0.1:7821 --contacts 1000",
            ],
            Notes = """
                Without --target a node is started in a process of its own, with default options, contacts that this command
                answers for, and keys in a temporary folder (see TMPDIR: a store is as fast as its disk). All limits stay on.
                A request without an answer within a second is lost. With --rate latency counts from when a request was due.
                A target on 127.0.0.0/8 is asked from 127.1.0.1, 127.1.1.1 and so on; with --contacts these ping it under ids
                of their own and answer it. Other nodes belong to somebody: ask first.
                """,
        }.With([.. options.All]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = options.Read(parsed);
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            {
                throw CommandException.Failed("This command makes its load with system calls of 64-bit Linux, and runs nowhere else.");
            }

            BenchReport.Print(await new BenchSession(io, settings).RunAsync(cancellationToken), new ResultPrinter(io, settings.Json));
            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary>The options of <c>kad-lab bench</c>.</summary>
internal sealed class BenchOptions
{
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

    private readonly Option<string> _operation = new("--op")
    {
        Description = "What to ask: ping, find_node, find_value, find_missing, store (held keys), store_new (each key once) or mix.",
        HelpName = "OP",
        DefaultValueFactory = _ => "mix",
    };

    private readonly NumberOption<int> _seconds = new("--seconds", "N", 1, 3_600, "How long to measure each", 5);

    private readonly NumberOption<int> _warmUp = new(
        "--warm-up", "N", 1, 3_600, "How long to warm each up before, as a node is slower while it compiles its code", 4);

    private readonly NumberOption<int> _inFlight = new(
        "--in-flight", "N", 1, LoadGenerator.MostInFlight, "Requests under way at most", byDefault: $"{DefaultInFlight}; {DefaultInFlightAtRate} with --rate");

    private readonly NumberOption<int> _sources = new(
        "--sources", "N", 1, LoopbackSources.Most, "Loopback addresses that ask, as a node limits each",
        byDefault: $"{BenchSettings.DefaultSources}; 1 for a target elsewhere");

    private readonly NumberOption<int> _rate = new(
        "--rate", "N", 1, 10_000_000, "Requests per second, sent whether or not answers come", byDefault: "the next when one is answered");

    private readonly NumberOption<int> _contacts = new(
        "--contacts", "N", 0, BenchSettings.DefaultContacts, "Contacts that each target gets",
        byDefault: $"{BenchSettings.DefaultContacts}; 0 for a node that you run");

    private readonly NumberOption<int> _keys = new(
        "--keys", "N", 1, 10_000_000, $"Keys of {RequestTemplate.ValueLength} bytes that each holds",
        byDefault: $"{DefaultKeys}; {DefaultKeysOfGiven} with nodes that you run");

    private readonly Option<string?> _python = new("--python")
    {
        Description = "Start the Python implementation too, and measure it in turns: an interpreter that can import kademlia. "
            + $"[default: {BenchSettings.DefaultPython}]",
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

    public IReadOnlyList<Symbol> All => [_target, _operation, _seconds, _warmUp, _inFlight, _sources, _rate, _contacts, _keys, _python, _baseline, _cold, _json];

    public BenchSettings Read(ParseResult parsed)
    {
        var targets = ReadTargets(parsed);
        var operation = parsed.GetValue(_operation)!;
        var rate = _rate.Find(parsed);
        var baseline = parsed.GetValue(_baseline);
        return new BenchSettings
        {
            Targets = targets,
            Operation = Operations.TryGetValue(operation, out var known)
                ? known
                : throw CommandException.WrongUsage($"--op is '{operation}'; {string.Join(", ", Operations.Keys)} are allowed."),
            Duration = TimeSpan.FromSeconds(_seconds.Read(parsed)),
            WarmUp = TimeSpan.FromSeconds(_warmUp.Read(parsed)),
            InFlight = _inFlight.Find(parsed) ?? (rate is null ? DefaultInFlight : DefaultInFlightAtRate),
            Sources = _sources.Find(parsed),
            Rate = rate,
            Contacts = _contacts.Find(parsed),
            Keys = _keys.Find(parsed)
                ?? (targets.Any(target => target.Kind == TargetKind.Given) ? DefaultKeysOfGiven : DefaultKeys),
            Python = parsed.GetValue(_python) ?? BenchSettings.DefaultPython,
            Baseline = baseline,
            Cold = parsed.GetValue(_cold) && (targets.Count > 1 || baseline)
                ? throw CommandException.WrongUsage("--cold measures one target; --baseline and further targets, which are measured in turns with it, are not allowed.")
                : parsed.GetValue(_cold),
            Json = parsed.GetValue(_json),
        };
    }

    private List<BenchTarget> ReadTargets(ParseResult parsed)
    {
        var targets = (parsed.GetValue(_target) ?? []).Select(ParseTarget).DefaultIfEmpty(BenchTarget.Started).ToList();

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

        return address == BenchTarget.Self ? new BenchTarget(name, TargetKind.Started)
            : HostAddress.TryParse(address, out var given, out var problem) ? new BenchTarget(name, TargetKind.Given, given)
            : throw CommandException.WrongUsage($"{_target.Name}: {problem}");
    }
}
