namespace KadOrleans.Cli;

internal static class EdgeCommands
{
    private const string Path = "/v1/admin/edges";

    public static Command Create(CommandIo io) => ApiCommand.Group(
        ApiCommand.Verb(
            "edges",
            "List edges with their leases, drain and resume them, rotate their ids, forget names.",
            "edges", "edges drain edge-3", "edges resume edge-3").Alias("edge"),
        command => List(io, command),
        ApiCommand.Verb("list", "List the names of edges. A silent one was killed, or does not reach the cluster.", "edges list"),
        Change(io, "drain", "End an edge's lease and give it no other: it stops answering within 10 s, and its ids stay reserved.", "drain"),
        Change(io, "resume", "End a drain.", "resume"),
        Change(io, "rotate-ids", "Give an edge other node ids, within 10 s.", "rotateIds"),
        Change(io, "forget", "Remove a name and its ids. Not of a live edge.", "forget"));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.Create(
        io,
        command,
        static async (_, client, cancellationToken) =>
        {
            var result = await client.SendAsync(ApiRequest.Get(Path), cancellationToken);
            if (result.List("edges").Count == 0)
            {
                // A cluster without edges has silos.
                await SiloCommands.ListAsync(client, "edges", cancellationToken);
            }

            return result;
        },
        Print);

    private static void Print(ResultPrinter printer, JsonObject result)
    {
        var edges = result.List("edges");
        var all = edges.Sum(static edge => edge.Number("sent"));
        printer.Table(
            ["name", "state", "ids", "endpoint", "contacts", "epoch", "last seen", "sent again", "share", "waiting", "overdue"],
            [
                .. edges.Select(string[] (edge) =>
                [
                    edge.Text("name"), edge.Text("state"), $"{edge.List("ids").Count}", string.Join(' ', edge.List("endpoints").Take(1)),
                    edge.Text("contacts"), edge.Text("epoch"), edge.Text("state") == "live" ? "now" : Ages.Of(edge.Text("lastSeen")),
                    .. SweepText.Compare(edge, all),
                ]),
            ]);
    }

    private static Command Change(CommandIo io, string name, string description, string action)
    {
        var edge = new Argument<string>("NAME") { Description = "The edge's name." };
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(name, description, $"edges {name} edge-3").With(edge),
            parsed => new ApiRequest(
                HttpMethod.Post, $"{Path}/{Uri.EscapeDataString(parsed.GetValue(edge)!)}:{action}"),
            static (printer, result) => printer.Line(result.IsTrue("changed") ? "Done." : "Nothing changed: it was so already."));
    }
}

internal static class SiloCommands
{
    private const string Path = "/v1/admin/silos";

    private const string ShardsPath = "/v1/admin/shards";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The silos.</summary>
    /// <exception cref="CommandException">There are none, so it is no cluster: wrong usage, as of what else a cluster alone has.</exception>
    public static async Task<JsonObject> ListAsync(AdminClient client, string asked, CancellationToken cancellationToken)
    {
        var result = await client.SendAsync(ApiRequest.Get(Path), cancellationToken);
        return result.List("silos").Count > 0
            ? result
            : throw CommandException.WrongUsage($"This is one node, which has no {asked}; a cluster has.");
    }

    public static Command Silos(CommandIo io) => ApiCommand.Create(
        io,
        ApiCommand.Verb(
            "silos",
            "List the silos: which are ready or why not, their shards, memory, releases, clocks and nodes, where the edge directory is, and how the last that ended did.",
            "silos").Alias("silo"),
        static (_, client, cancellationToken) => ListAsync(client, "silos", cancellationToken),
        static (printer, result) =>
        {
            var silos = result.List("silos");
            foreach (var silo in silos)
            {
                var reason = silo.Text("reason");
                var isDead = silo.Text("state") == "Dead";
                silo["ready"] = isDead ? string.Empty : (silo.IsTrue("isReady") ? "ready" : "no") + (reason.Length > 0 ? $": {reason}" : string.Empty);
                silo["state"] = isDead ? End(silo) : silo.Text("state");
                silo["startedAt"] = Ages.Of(silo.Text("startedAt"));
                silo["lastHeard"] = Ages.Of(silo.Text("lastHeard"));
                silo["ended"] = Ages.Of(silo.Text("endedAt"));
                silo["clock"] = Clock(silo);
                silo["memory"] = silo["residentBytes"] is JsonValue bytes ? $"{bytes.GetValue<long>() >> 20} MiB" : string.Empty;
                silo["holds"] = silo.IsTrue("hasEdgeDirectory") ? "edge directory" : string.Empty;
            }

            printer.Rows(
                silos,
                ("silo", "address"), ("state", "state"), ("ready", "ready"), ("shards", "shards"), ("memory", "memory"), ("clock", "clock"),
                ("version", "version"), ("node", "node"), ("started", "startedAt"), ("last heard", "lastHeard"), ("ended", "ended"), ("holds", "holds"));
            if (silos.Where(silo => silo.IsTrue("isLost")).ToList() is { Count: > 0 } lost)
            {
                printer.Say($"Declared dead, and no silo has started in its place: {string.Join(", ", lost.Select(silo => silo.Text("address")))}.");
            }

            if (silos.Count > 0 && !silos.Any(silo => silo.IsTrue("hasEdgeDirectory")))
            {
                printer.Say("No silo that responds has the edge directory.");
            }

            foreach (var node in silos.Where(silo => silo.Text("state") == "Active" && silo.Text("node").Length > 0)
                .GroupBy(silo => silo.Text("node")).Where(node => node.Count() > 1))
            {
                printer.Say($"{node.Count()} silos share the node {node.Key}: if it is lost, so are they at once.");
            }
        });

    public static Command Shards(CommandIo io) => ApiCommand.Group(
        ApiCommand.Verb(
            "shards",
            "Show the number of a cluster's shards, double it, or find the silo of a shard.",
            "shards", "shards find greeting").Alias("shard"),
        command => ApiCommand.List(io, command, ShardsPath, Print),
        ApiCommand.Verb("show", "Show the number of shards, and how far a doubling is.", "shards show"),
        Find(io),
        Double(io));

    private static Command Double(CommandIo io)
    {
        var wait = new Option<bool>("--wait") { Description = "Wait until it is done. Ctrl-C ends the wait; the doubling goes on." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask before." };
        var progress = "Waiting for the response…";
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(
                "double",
                "Begin to double the number of shards. It cannot be stopped.",
                "shards double", "shards double --yes --wait").With(wait, yes),
            async (parsed, client, cancellationToken) =>
            {
                // The number is a condition: however often the request is made, it doubles them once.
                var present = await client.SendAsync(ApiRequest.Get(ShardsPath), cancellationToken);
                var body = new JsonObject { ["count"] = present["count"]?.DeepClone() };
                var shards = await client.SendAsync(new ApiRequest(HttpMethod.Post, $"{ShardsPath}:double", body), cancellationToken);
                try
                {
                    while (parsed.GetValue(wait) && shards["split"] is not null)
                    {
                        progress = Describe(shards);
                        await Task.Delay(Pause, cancellationToken);
                        shards = await client.SendAsync(ApiRequest.Get(ShardsPath), cancellationToken);
                    }
                }
                catch (OperationCanceledException)
                {
                    throw CommandException.Failed("Interrupted: the doubling goes on; 'kad admin shards' shows how far it is.");
                }

                return shards;
            },
            Print,
            () => progress,
            (parsed, cancellationToken) => parsed.GetValue(yes)
                ? Task.CompletedTask
                : io.ConfirmAsync("Double the number of shards? There is no way back, and it cannot be stopped.", cancellationToken));
    }

    private static Command Find(CommandIo io)
    {
        var key = new KeyArgument();
        var number = CommonOptions.Text("--number", "N", "The shard's number, as 'kad admin usage' lists it, in place of a key.");
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(
                "find",
                "Show the shard of a key, and the silo that it is active on.",
                "shards find greeting", "shards find --number 17").With(key.Key, key.Digest, number),
            parsed => ApiRequest.Get((parsed.GetValue(number), key.IsGiven(parsed)) switch
            {
                ({ } shard, false) => $"{ShardsPath}/{Uri.EscapeDataString(shard)}",
                (null, true) => KeyCommands.PathOf(key.Read(parsed), "/shard"),
                ({ } shard, true) => throw CommandException.WrongUsage($"Both a key and --number '{shard}' are given; one of them is needed."),
                _ => throw CommandException.WrongUsage("No shard is given; KEY, --digest HEX or --number N is needed."),
            }),
            static (printer, result) =>
            {
                var silos = result.List("silos");
                printer.Line($"Shard {result.Text("number")} is "
                    + (silos.Count > 0 ? $"active on {string.Join(", ", silos)}." : "not active."));
                if (result.List("missing") is { Count: > 0 } missing)
                {
                    printer.Say($"These silos do not respond, so it may be active there: {string.Join(", ", missing)}.");
                }
            });
    }

    private static void Print(ResultPrinter printer, JsonObject shards) => printer.Line(Describe(shards));

    private static string Describe(JsonObject shards) => shards.Text("split") is { Length: > 0 } split
        ? $"{shards.Count("count", "shard")}, which are being doubled: {split} are split."
        : $"{shards.Count("count", "shard")}.";

    // One that stopped said so itself; the others declare dead what crashed, hung or was cut off from them.
    private static string End(JsonNode silo) => silo.Text("end") switch
    {
        "stopped" => "stopped",
        "declaredDead" => silo.IsTrue("isLost") ? "declared dead, missing" : "declared dead",
        _ => "dead",
    };

    // The field says how far the cluster's time is ahead of the clock.
    private static string Clock(JsonNode silo) => silo["clockDifference"] is not JsonValue seconds ? string.Empty
        : seconds.GetValue<double>() is var difference && difference == 0 ? "0 s"
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(difference):0.000} s {(difference < 0 ? "ahead" : "behind")}");
}
