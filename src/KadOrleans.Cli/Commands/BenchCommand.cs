using System.CommandLine;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Benchmarking;
using KadOrleans.Cli.Output;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad bench</c>: how many requests a node answers, and how fast.</summary>
internal static class BenchCommand
{
    private const int MostSeconds = 3_600;
    private const int MostRate = 10_000_000;
    private const int MostContacts = 1_000;
    private const int MostKeys = 1_000_000;
    private const int DefaultInFlight = 256;
    private const int DefaultInFlightAtRate = 16_384;

    private static readonly Dictionary<string, BenchOperation> Operations =
        Enum.GetValues<BenchOperation>().ToDictionary(BenchSession.NameOf);

    private static readonly Option<string?> Target = Text("--target", "HOST:PORT", "The node to load, if it is not to be started: one that you run.");
    private static readonly Option<string?> Operation = Text("--op", "OP", "What to ask: ping, find_node, find_value, store, or a mix of all. [default: mix]");
    private static readonly Option<string?> Seconds = Text("--seconds", "N", $"How long to measure, 1 to {MostSeconds}. [default: 5]");

    private static readonly Option<string?> InFlight = Text(
        "--in-flight",
        "N",
        $"Requests under way at most, 1 to {LoadGenerator.MostInFlight}. [default: {DefaultInFlight}; {DefaultInFlightAtRate} with --rate]");

    private static readonly Option<string?> Sources = Text(
        "--sources",
        "N",
        $"Loopback addresses that ask, 1 to {LoopbackSources.Most}, as a node limits each. [default: {BenchSession.DefaultSources}; 1 for a target elsewhere]");

    private static readonly Option<string?> Rate = Text(
        "--rate", "N", $"Requests per second, 1 to {MostRate}, sent whether or not answers come. [default: the next when one is answered]");

    private static readonly Option<string?> Contacts = Text(
        "--contacts", "N", $"Contacts of the node that is started, 0 to {MostContacts}. [default: {MostContacts}]");

    private static readonly Option<string?> Keys = Text(
        "--keys", "N", $"Keys of {RequestTemplate.ValueLength} bytes that it holds, 1 to {MostKeys}. [default: 10000; 1000 with --target]");

    private static readonly Option<bool> Baseline = new("--baseline")
    {
        Description = "Measure a plain UDP echo of the same sizes in turns with the node, and print the ratio.",
    };

    public static Command Create(CommandIo io)
    {
        var json = CommonOptions.Json();
        var command = new ExampleCommand("bench", "Load a node with requests, and time its answers. Linux only.")
        {
            Examples =
            [
                "kad bench --op find_node --baseline",
                "kad bench --op find_node --rate 50000 --seconds 10",
                "kad bench --op mix --target 127.0.0.1:8468 --json",
            ],
            Notes = """
                Without --target a node is started in a process of its own, with default options, contacts that this command
                answers for, and keys in a temporary folder (see TMPDIR: a store is as fast as its disk). All limits stay on.
                A request without an answer within a second is lost. With --rate latency counts from when a request was due.
                A target on 127.0.0.0/8 is asked from 127.1.0.1, 127.1.1.1 and so on. Other nodes belong to somebody: ask first.
                """,
        };
        foreach (var option in new Option[] { Target, Operation, Seconds, InFlight, Sources, Rate, Contacts, Keys, Baseline, json })
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = Read(parsed) with { Json = parsed.GetValue(json) };
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            {
                throw CommandException.Failed("This command makes its load with system calls of 64-bit Linux, and runs nowhere else.");
            }

            BenchReport.Print(await new BenchSession(io, settings).RunAsync(cancellationToken), new ResultPrinter(io, settings.Json));
            return ExitCode.Done;
        });
        return command;
    }

    private static BenchSettings Read(ParseResult parsed)
    {
        var target = parsed.GetValue(Target) is { } text ? Endpoints.ParseHost(Target.Name, text) : (Node.Joining.HostAddress?)null;
        var operation = parsed.GetValue(Operation) ?? "mix";
        var rate = parsed.GetValue(Rate) is { } given ? Numbers.ParseWhole(Rate.Name, given, 1, MostRate) : (int?)null;
        var settings = new BenchSettings
        {
            Target = target,
            Operation = Operations.TryGetValue(operation, out var known)
                ? known
                : throw CommandException.WrongUsage($"--op is '{operation}'; {string.Join(", ", Operations.Keys)} are allowed."),
            Duration = TimeSpan.FromSeconds(Whole(parsed, Seconds, 1, MostSeconds, 5)),
            InFlight = Whole(parsed, InFlight, 1, LoadGenerator.MostInFlight, rate is null ? DefaultInFlight : DefaultInFlightAtRate),
            Sources = parsed.GetValue(Sources) is { } sources ? Numbers.ParseWhole(Sources.Name, sources, 1, LoopbackSources.Most) : null,
            Rate = rate,
            Contacts = Whole(parsed, Contacts, 0, MostContacts, MostContacts),
            Keys = Whole(parsed, Keys, 1, MostKeys, target is null ? 10_000 : 1_000),
            Baseline = parsed.GetValue(Baseline),
            Json = false,
        };
        return Check(parsed, settings);
    }

    private static BenchSettings Check(ParseResult parsed, BenchSettings settings)
    {
        if (settings is { Baseline: true, Rate: not null })
        {
            throw CommandException.WrongUsage($"Both --baseline and --rate '{settings.Rate}' are given; one of them is allowed.");
        }

        return settings.Target is null || parsed.GetValue(Contacts) is not { } contacts
            ? settings
            : throw CommandException.WrongUsage($"Both --target and --contacts '{contacts}' are given; one of them is allowed.");
    }

    private static int Whole(ParseResult parsed, Option<string?> option, int least, int most, int byDefault) =>
        Numbers.ParseWhole(option.Name, parsed.GetValue(option), least, most, byDefault);

    private static Option<string?> Text(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape };
}
