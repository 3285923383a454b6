namespace KadOrleans.Lab;

/// <summary>Measurements of one part each. Each tells what its arguments are when they are wrong.</summary>
internal static class MeasureCommands
{
    public static IEnumerable<Command> Create(CommandIo io) =>
    [
        Verb("storage", "Measure durable puts, or the start-up of a full folder.", StorageBenchmark.RunAsync, "put FOLDER 1000000 4", "open FOLDER"),
        Verb("http", "Measure gets, puts, watches and the map of a crawl over HTTP.", HttpBenchmark.RunAsync, "3 4", "watch 10000", "map 100000 2"),
        Verb("network", "Measure sets and gets of a hundred nodes over real sockets.", NetworkBenchmark.RunAsync, "10", "5"),
        Verb("libtorrent", "Compare a node with libtorrent's.", words => LibtorrentBenchmark.RunAsync(io, words), "5", "5 /usr/bin/python3"),
        Verb("items", "Put signed items into libtorrent's node.", words => LibtorrentItems.RunAsync(io, words), "", "/usr/bin/python3"),
        Verb("flooding", "Measure what keys and endpoints cost that were chosen to collide.", FloodingBenchmark.RunAsync, "start FOLDER 90000", "crawl 40 540"),
        Verb("signatures", "Measure how many signed items are checked in a second, or what a flood of forged ones costs.", SignatureBenchmark.RunAsync, "", "10", "flood 20 4"),
        Verb("memory", "Print the heap that a contact takes, or a key of a shard.", words => Task.Run(() => HeapMemory.Print(io, words)), "", "keys 200000 64 storage", "keys 100000 64 cache"),
    ];

    public static CommandException WrongUsage(string name, string[] words, string needed) =>
        CommandException.WrongUsage($"'{name} {string.Join(' ', words)}' is given; {needed}");

    private static ExampleCommand Verb(string name, string description, Func<string[], Task> run, params string[] examples)
    {
        var words = new Argument<string[]>("arguments") { Arity = ArgumentArity.ZeroOrMore };
        var command = new ExampleCommand(name, description) { Examples = [.. examples.Select(line => $"kad-lab {name} {line}".TrimEnd())] }.With(words);
        command.SetAction((parsed, cancellationToken) => LabCommand.RunInterruptiblyAsync(
            async () =>
            {
                await run(parsed.GetValue(words) ?? []);
                return ExitCode.Done;
            },
            cancellationToken));
        return command;
    }
}
