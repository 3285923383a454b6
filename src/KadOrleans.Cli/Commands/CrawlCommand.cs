namespace KadOrleans.Cli;

internal static class CrawlCommand
{
    private static readonly CrawlOptions Defaults = new();

    public static Command Create(CommandIo io)
    {
        var via = new ViaOption(" Needed unless --resume has nodes.");
        var rate = new NumberOption("--rate", "Datagrams per second", 1, CrawlOptions.HighestRate, CrawlOptions.DefaultRate);
        var concurrency = new NumberOption(
            "--concurrency", "Pending requests, at most one to an address", 1, CrawlOptions.HighestConcurrency, Defaults.Concurrency);
        var maxNodes = new NumberOption(
            "--max-nodes", "Most addresses to remember, against liars who invent nodes", 1, CrawlOptions.HighestMaxNodes, Defaults.MaxNodes);
        var output = CommonOptions.Text("--output", "FILE", "Write a row for each address to this file; - is the standard output.");
        var format = CommonOptions.Text("--format", "FORMAT", "Format of the rows: jsonl or csv. [default: jsonl]");
        var svg = CommonOptions.Text("--svg", "FILE", "Draw the key space in this file.");
        var resume = CommonOptions.Text("--resume", "FILE", "Keep the state in this file, and continue from it if it exists.");
        return new ExampleCommand("crawl", "Visit every node of the network that can be reached.")
        {
            Examples =
            [
                "kad crawl --via 127.0.0.1:8468",
                "kad crawl --via node.example.org:8468 --rate 500 --output nodes.jsonl --svg network.svg --resume crawl.state",
                "kad crawl --via node.example.org:8468 --output - --format csv",
            ],
            Notes = "Each node is asked for all of its contacts, within the rate. Ctrl-C stops the crawl and prints what was found.",
        }.With(via, rate, concurrency, maxNodes, output, format, svg, resume).Runs((parsed, json, cancellationToken) =>
        {
            var settings = new CrawlSettings(
                via.Find(parsed),
                new CrawlOptions { Concurrency = concurrency.Read(parsed), MaxNodes = maxNodes.Read(parsed) },
                rate.Read(parsed),
                parsed.GetValue(output),
                ParseFormat(parsed.GetValue(format)),
                parsed.GetValue(svg),
                parsed.GetValue(resume),
                json);
            Check(settings);
            return new CrawlSession(io, settings).RunAsync(cancellationToken);
        });
    }

    private static bool ParseFormat(string? format) => format switch
    {
        null or "jsonl" => false,
        "csv" => true,
        _ => throw CommandException.WrongUsage($"--format is '{format}'; jsonl or csv is allowed."),
    };

    private static void Check(CrawlSettings settings)
    {
        CommonOptions.CheckOutput(settings.Json, settings.Output, "--output -");
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
