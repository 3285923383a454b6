namespace KadOrleans.Cli;

internal static class CrawlCommands
{
    private const string Path = "/v1/admin/crawls";

    private static readonly string[] Fields =
    [
        "id", "phase", "startedAt", "endedAt", "reachable", "unreachable", "datagrams", "edges", "slicesDone", "slices", "problem",
        "change.came", "change.went", "change.stayed",
    ];

    /// <summary>The time after which the progress is read first. It doubles up to <see cref="LongestPause"/>: a small network is soon crawled.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public static Command Create(CommandIo io) => ApiCommand.Group(
        ApiCommand.Verb(
            "crawl",
            "Visit every node of the network, and look at what crawls found.",
            "crawl", "crawl start --rate 500").Alias("crawls"),
        command => List(io, command),
        ApiCommand.Verb("list", "List the crawl that runs and the last ten.", "crawl list"),
        Start(io),
        OfCrawl(io, "show", "Show the progress or the result of a crawl.", HttpMethod.Get, Print),
        Nodes(io),
        OfCrawl(
            io,
            "stop",
            "Stop a crawl that runs. What it found is kept.",
            HttpMethod.Delete,
            static (printer, _) => printer.Line("Stopped.")));

    private static Command Start(CommandIo io)
    {
        var rate = CommonOptions.Text("--rate", "N", $"Datagrams per second of all edges together, 1 to {CrawlOptions.HighestRate}. [default: the limit crawlRate]");
        var nodes = CommonOptions.Text("--nodes", "N", $"The most addresses to remember, 1 to {CrawlOptions.HighestMaxNodes}.");
        var command = new ExampleCommand("start", "Start a crawl, or join the one that runs, and wait for its end.")
        {
            Examples = ApiCommand.Examples("crawl start", "crawl start --rate 500"),
            Notes = "Ctrl-C ends the wait; the crawl goes on. kad admin crawl stop ends it.",
        }.With(rate, nodes);
        var progress = "Starting…";
        return ApiCommand.Create(
            io,
            command,
            async (parsed, client, cancellationToken) =>
            {
                var crawl = await client.SendAsync(
                    new ApiRequest(HttpMethod.Post, Path, new JsonObject
                    {
                        ["rate"] = parsed.GetValue(rate) is { } chosen ? Numbers.ParseWhole("--rate", chosen, 1, CrawlOptions.HighestRate) : null,
                        ["nodes"] = parsed.GetValue(nodes) is { } most ? Numbers.ParseWhole("--nodes", most, 1, CrawlOptions.HighestMaxNodes) : null,
                    }),
                    cancellationToken);
                try
                {
                    for (var pause = FirstPause; crawl.Text("phase") == "running"; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
                    {
                        progress = $"{crawl.Text("reachable")} nodes, {crawl.Text("waiting")} addresses queued, {crawl.Text("datagrams")} datagrams";
                        await Task.Delay(pause, cancellationToken);
                        crawl = await client.SendAsync(ApiRequest.Get($"{Path}/{crawl.Text("id")}"), cancellationToken);
                    }
                }
                catch (OperationCanceledException)
                {
                    var id = crawl.Text("id");
                    throw CommandException.Failed(
                        $"Interrupted: the crawl goes on; 'kad admin crawl show {id}' shows how far it is, and 'kad admin crawl stop {id}' ends it.");
                }

                return crawl.Text("phase") == "failed" ? throw CommandException.Failed(crawl.Text("problem")) : crawl;
            },
            Print,
            () => progress);
    }

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(
        io,
        command,
        Path,
        static (printer, result) => printer.Rows(
            result.List("crawls"),
            ("crawl", "id"), ("phase", "phase"), ("nodes", "reachable"), ("unreachable", "unreachable"),
            ("came", "change.came"), ("went", "change.went"), ("stayed", "change.stayed")));

    private static ExampleCommand Nodes(CommandIo io)
    {
        var crawl = Id();
        var format = new Option<string>("--format") { Description = "jsonl, csv or svg.", HelpName = "FORMAT", DefaultValueFactory = _ => "jsonl" };
        var prefix = CommonOptions.Text("--prefix", "HEX", "The first hexadecimal digits of the ids; not for svg.");
        var connection = new Connection();
        var command = new ExampleCommand("nodes", "Print what a crawl found, a row for each address, or a picture of it.")
        {
            Examples =
            [
                "kad admin crawl nodes 20261122T014500123Z --format csv --data kad-data",
                "kad admin crawl nodes 20261122T014500123Z --format svg --data kad-data > network.svg",
            ],
        }.With([crawl, format, prefix, .. connection.All]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var path = $"{Path}/{Uri.EscapeDataString(parsed.GetValue(crawl)!)}/nodes"
                + ApiRequest.QueryOf(("format", parsed.GetValue(format)), ("prefix", parsed.GetValue(prefix)));
            return await client.ReadAsync(
                path,
                async rows =>
                {
                    await rows.CopyToAsync(io.OutputBytes, cancellationToken);
                    return ExitCode.Done;
                },
                cancellationToken);
        });
        return command;
    }

    private static Command OfCrawl(CommandIo io, string name, string description, HttpMethod method, Action<ResultPrinter, JsonObject> print)
    {
        var crawl = Id();
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(name, description, $"crawl {name} 20261122T014500123Z").With(crawl),
            parsed => new ApiRequest(method, $"{Path}/{Uri.EscapeDataString(parsed.GetValue(crawl)!)}"),
            print);
    }

    private static Argument<string> Id() => new("CRAWL") { Description = "The crawl's id, as 'kad admin crawl list' shows it." };

    private static void Print(ResultPrinter printer, JsonObject crawl) => printer.Fields(
        Fields.Select(field => (field.Split('.')[^1], crawl.Text(field))));
}
