namespace KadOrleans.Lab;

/// <summary><c>kad-lab faults</c>: silos, edges and databases as processes, killed, frozen and stopped under load.</summary>
internal static class FaultsCommand
{
    private static readonly (string Name, string Help)[] ShapeOptions =
    [
        ("--storage", "Where the cluster keeps its state: postgresql, sqlite (one silo) or azurite. [default: postgresql]"),
        ("--silos", "Silos: 1 to 16. [default: 3]"),
        ("--edges", "Edges: 1 to 16. [default: 2; 1 for silence]"),
        ("--shard-bits", "Bits of a shard's number: 0 to 12. [default: 7; 4 with sqlite]"),
        ("--build", "A clone with a built server, or a folder with kad-server.dll. [default: this clone]"),
    ];

    private delegate Task<int> Run(OptionReader options, CommandIo io, CancellationToken cancellationToken);

    public static Command Create(CommandIo io) => new("faults", "Run a cluster as processes, and measure it under faults.")
    {
        Verb(
            io, "campaign", "Overwrite keys while faults happen, and check each key after each fault.",
            ["--storage sqlite --faults 50 --seed 1", "--storage postgresql --standbys 1 --longest-freeze 20"],
            Campaign.RunAsync,
            [
                ("--faults", "Faults, one after another: 0 to 10000. [default: 50]"),
                ("--seed", "Seed of the faults. [default: 1]"),
                ("--keys", "Keys that are overwritten: 1 to 10000. [default: 64]"),
                ("--items", "1: the values are signed items. [default: 0]"),
                ("--longest-freeze", "Seconds that a freeze lasts at most. [default: 60]"),
                ("--standbys", "Standbys of PostgreSQL: 0 or 1. [default: 0]"),
            ]),
        Verb(
            io, "histories", "Let many clients write few keys under conditions while faults happen, and judge each key's history.",
            ["--storage postgresql --faults 12 --seed 1 --out found", "--node --faults 40 --seed 1 --json"],
            HistoryRun.RunAsync,
            [
                ("--faults", $"Faults, one after another: 0 to 10000. [default: {HistoryOptions.Default.Faults}]"),
                ("--seed", $"Seed of the faults and of what clients do. [default: {HistoryOptions.Default.Seed}]"),
                (
                    "--longest-freeze",
                    "Seconds that a process is frozen, away or cut off at most. "
                    + $"[default: {HistoryOptions.Default.LongestFreeze.TotalSeconds}; {HistoryOptions.LongestOfNode.TotalSeconds} with --node]"
                ),
                ("--pace", $"Milliseconds between two calls of a client: 1 to 60000. [default: {HistoryOptions.Default.Pace.TotalMilliseconds}]"),
                ("--out", "A folder for the histories that contradict, with their pictures."),
            ],
            [
                ("--node", "Judge a standalone node in place of a cluster."),
                ("--strict", "Allow no retry to make a plain set twice or to hide a success."),
                ("--json", "Print one JSON object on one line."),
            ]),
        Verb(
            io, "silence", "Kill each silo under load, and count the responses of each second.",
            ["--rate 3000 --silos 3 --csv silence.csv --svg silence.svg", "--rate 500 --held 10000"],
            SilenceRun.RunAsync,
            [
                ("--rate", "Requests per second: 1 to 100000. [default: 3000]"),
                ("--before", "Seconds of load before the first kill. [default: 30]"),
                ("--settle", "Seconds after each start. [default: 60]"),
                ("--held", "Keys that the cluster holds. [default: those of the load]"),
                ("--csv", "A file for the seconds."),
                ("--svg", "A file for their picture."),
            ]),
        Verb(
            io, "outage", "Stop all silos for a while, and count the calls that edges answer.",
            ["--seconds 300", "--seconds 60 --by stop"],
            OutageRun.RunAsync,
            [
                ("--seconds", "Seconds without silos. [default: 300]"),
                ("--by", "How silos end: kill or stop. [default: kill]"),
                ("--rate", "Requests per second: 1 to 10000. [default: 20]"),
            ]),
        Verb(
            io, "scale", "Let a silo join a loaded cluster, and another leave it.",
            ["--rate 400 --before 400 --settle 45", "--silos 2 --edges 1"],
            ScaleRun.RunAsync,
            [
                ("--rate", "Requests per second: 1 to 100000. [default: 2000]"),
                ("--before", "Seconds of load before the silo joins. [default: 30]"),
                ("--settle", "Seconds after each change. [default: 90]"),
            ]),
        Verb(
            io, "cpu", "Measure the processor time of silos and edges for each request.",
            ["--silos 4 --rate 4000 --to-rate 16000", "--storage sqlite --seconds 10"],
            CpuRun.RunAsync,
            [
                ("--rate", "Requests per second at first: 1 to 100000; each step doubles them. [default: 1000]"),
                ("--to-rate", "Requests per second at most. [default: --rate]"),
                ("--seconds", "Seconds of each step. [default: 20]"),
            ]),
    };

    private static ExampleCommand Verb(
        CommandIo io, string name, string description, string[] examples, Run run, (string Name, string Help)[] options, params (string Name, string Help)[] flags)
    {
        var command = new ExampleCommand(name, description) { Examples = [.. examples.Select(options => $"kad-lab faults {name} {options}")] }
            .With(
            [
                .. options.Concat(ShapeOptions).Select(option => new Option<string?>(option.Name) { Description = option.Help }),
                .. flags.Select(flag => new Option<bool>(flag.Name) { Description = flag.Help }),
            ]);
        command.SetAction((parsed, cancellationToken) => run(new OptionReader(parsed), io, cancellationToken));
        return command;
    }
}
