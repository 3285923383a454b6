using KadOrleans.Core.Crawling;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad crawl</c>: visits the whole network that can be reached.</summary>
internal static class CrawlCommand
{
    private static readonly CrawlOptions Defaults = new();

    public static Command Create(CommandIo io)
    {
        var via = new Option<string[]>("--via")
        {
            Description = "A node to begin with. Repeatable. Needed unless --resume has nodes.",
            HelpName = "HOST:PORT",
            Arity = ArgumentArity.OneOrMore,
        };
        var rate = Text("--rate", "N", $"Datagrams per second, 1 to {CrawlOptions.HighestRate}. [default: {CrawlOptions.DefaultRate}]");
        var concurrency = Text(
            "--concurrency", "N", $"Pending requests, 1 to {CrawlOptions.HighestConcurrency}; at most one to an address. [default: {Defaults.Concurrency}]");
        var maxNodes = Text(
            "--max-nodes", "N", $"Most addresses to remember, 1 to {CrawlOptions.HighestMaxNodes}, against liars who invent nodes. [default: {Defaults.MaxNodes}]");
        var output = Text("--output", "FILE", "Write a row for each address to this file; - is the standard output.");
        var format = Text("--format", "FORMAT", "Format of the rows: jsonl or csv. [default: jsonl]");
        var svg = Text("--svg", "FILE", "Draw the key space in this file.");
        var resume = Text("--resume", "FILE", "Keep the state in this file, and continue from it if it exists.");
        var json = CommonOptions.Json();
        var command = new ExampleCommand("crawl", "Visit every node of the network that can be reached.")
        {
            Examples =
            [
                "kad crawl --via 127.0.0.1:8468",
                "kad crawl --via node.example.org:8468 --rate 500 --output nodes.jsonl --svg network.svg --resume crawl.state",
                "kad crawl --via node.example.org:8468 --output - --format csv",
            ],
            Notes = "Each node is asked for all of its contacts, within the rate. Ctrl-C stops the crawl and prints what was found.",
        };
        foreach (var option in new Option[] { via, rate, concurrency, maxNodes, output, format, svg, resume, json })
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new CrawlSettings(
                parsed.GetValue(via) ?? [],
                new CrawlOptions
                {
                    Concurrency = Numbers.ParseWhole(
                        "--concurrency", parsed.GetValue(concurrency), 1, CrawlOptions.HighestConcurrency, Defaults.Concurrency),
                    MaxNodes = Numbers.ParseWhole("--max-nodes", parsed.GetValue(maxNodes), 1, CrawlOptions.HighestMaxNodes, Defaults.MaxNodes),
                },
                Numbers.ParseWhole("--rate", parsed.GetValue(rate), 1, CrawlOptions.HighestRate, CrawlOptions.DefaultRate),
                parsed.GetValue(output),
                ParseFormat(parsed.GetValue(format)),
                parsed.GetValue(svg),
                parsed.GetValue(resume),
                parsed.GetValue(json));
            Check(settings);
            return new CrawlSession(io, settings).RunAsync(cancellationToken);
        });
        return command;
    }

    private static Option<string?> Text(string name, string shape, string description) =>
        new(name) { Description = description, HelpName = shape };

    private static bool ParseFormat(string? format) => format switch
    {
        null or "jsonl" => false,
        "csv" => true,
        _ => throw CommandException.WrongUsage($"--format is '{format}'; jsonl or csv is allowed."),
    };

    private static void Check(CrawlSettings settings)
    {
        if (settings is { Json: true, Output: "-" })
        {
            throw CommandException.WrongUsage("Both --json and --output - write to the standard output; one of them is allowed.");
        }

        (string Option, string? Path)[] files = [("--output", settings.Output), ("--svg", settings.Svg), ("--resume", settings.Resume)];
        foreach (var (option, path) in files)
        {
            if (path is not null && (option, path) is not ("--output", "-"))
            {
                CheckFile(option, path);
            }
        }
    }

    /// <summary>Checks before a crawl whether a file can be written, as an hour of crawling must not end in a folder that takes none.</summary>
    /// <exception cref="CommandException">It cannot; the sentence names the option.</exception>
    private static void CheckFile(string option, string path)
    {
        if (Directory.Exists(path) || string.IsNullOrWhiteSpace(path))
        {
            throw CommandException.WrongUsage($"{option} is '{path}'; the path of a file is needed.");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(folder))
        {
            throw CommandException.WrongUsage($"{option} is '{path}'; the folder '{folder}' does not exist.");
        }

        if (File.Exists(path))
        {
            // A pipe must not be opened twice.
            return;
        }

        try
        {
            using var probe = new FileStream(
                $"{path}.{Guid.NewGuid():N}.tmp", FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{option} is '{path}', which cannot be written: {e.Message}", e);
        }
    }
}
