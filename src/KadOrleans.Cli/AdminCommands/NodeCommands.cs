namespace KadOrleans.Cli;

internal static class NodeCommands
{
    private const string AnId = "356a192b7913b04c54574d18c28d46e6395428ab";

    private static readonly string[] Works = [.. Enum.GetNames<DhtWork>().Select(name => name.ToLowerInvariant())];

    private static readonly string[] Kinds = ["node", "value"];

    public static Command Status(CommandIo io) => ApiCommand.List(
        io,
        ApiCommand.Verb(
            "status", "List the node ids of the node or of the cluster's live edges, and how far each is with sending values again.", "status"),
        "/v1/status",
        static (printer, result) =>
        {
            var nodes = result.List("nodes");
            printer.Table(
                ["name", "id", "endpoint", "contacts"],
                [
                    .. nodes.SelectMany(node => node.List("ids").Zip(node.List("endpoints"), (id, endpoint) => new[]
                    {
                        node.Text("name"), id.ToString(), endpoint.ToString(), node.Text("contacts"),
                    })),
                ]);
            if (nodes.Count == 0)
            {
                printer.Say("No edge is live: nothing is served to the network. 'kad admin edges' has those that were.");
            }
            else if (nodes.All(static node => node.IsTrue("isFirst")))
            {
                printer.Say(FirstNode.Describe(
                    nodes[0].Text("name").Length > 0,
                    nodes.Count,
                    nodes[0].List("endpoints") is [var endpoint, ..] ? UdpEndpoint.Parse(endpoint.GetValue<string>()) : null));
            }

            SweepText.Print(printer, nodes);
        });

    public static Command Table(CommandIo io) =>
        Table(io, ApiCommand.Verb("table", "Show a routing table by bucket with its contacts, and those that it lost.", "table", $"table --id {AnId}"));

    public static Command Contact(CommandIo io) => Table(io, ApiCommand.Verb(
        "contact",
        "Show the contacts of a routing table; look at one of them, or drop it.",
        "contact", $"contact show {AnId}", $"contact drop {AnId}").Alias("contacts").With(
        Contact(io, "show", "Show what each routing table knows of a contact.", HttpMethod.Get, static (printer, result) => printer.Rows(
            result.List("contacts"),
            ("table", "table"), ("endpoint", "endpoint"), ("replacement", "isReplacement"), ("former", "isFormer"), ("first seen", "firstSeen"), ("last seen", "lastSeen"), ("failures", "failures"))),
        Contact(io, "drop", "Drop a contact from all routing tables. It comes back when it is heard of again.", HttpMethod.Delete, static (printer, result) =>
            printer.Line($"It left {result.Count("tables", "table")}."))));

    public static Command Lookup(CommandIo io)
    {
        var target = new Argument<string>("TARGET") { Description = "A key, or with --digest the id itself in 40 hexadecimal digits." };
        var digest = new Option<bool>("--digest") { Description = "TARGET is an id." };
        var kind = new Option<string>("--kind") { Description = "value or node.", HelpName = "KIND", DefaultValueFactory = _ => "value" };
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(
                "lookup",
                "Try a lookup now, and show who was asked, who named it, and what it answered.",
                "lookup greeting", $"lookup {AnId} --digest --kind node").With(target, digest, kind),
            parsed => new ApiRequest(HttpMethod.Post, "/v1/admin/lookups", new JsonObject
            {
                ["target"] = parsed.GetValue(target),
                ["kind"] = Choose("--kind", parsed.GetValue(kind)!, Kinds),
                ["as"] = parsed.GetValue(digest) ? "digest" : null,
            }),
            static (printer, result) =>
            {
                var queries = result.List("queries");
                foreach (var (number, query) in queries.Index())
                {
                    query["number"] = number;
                }

                printer.Rows(
                    queries,
                    ("nr", "number"), ("id", "id"), ("endpoint", "endpoint"), ("named by", "namedBy"),
                    ("hops", "hops"), ("ms", "took"), ("result", "result"), ("named", "named"));
                printer.Say(result.Text("sentence"));
                if (result.Text("reason") == "noContacts")
                {
                    printer.Say("A lookup asks other nodes alone; 'kad admin key show KEY' shows what is held here.");
                }
            });
    }

    public static Command Run(CommandIo io)
    {
        var work = new Argument<string>("WORK") { Description = "refresh (all buckets), walk (lookups of random ids) or republish (values that are due)." };
        var republish = new RepublishRun(io);
        return ApiCommand.Create(
            io,
            new ExampleCommand("run", "Begin work now that is done at intervals otherwise.")
            {
                Examples = ApiCommand.Examples("run refresh", "run republish"),
                Notes = "republish waits until nothing is left to send. Ctrl-C ends the wait; the sweep goes on.",
            }.With(work),
            (parsed, client, cancellationToken) => Choose("WORK", parsed.GetValue(work)!, Works) is var chosen && chosen == "republish"
                ? republish.RunAsync(client, parsed.GetValue<bool>(CommonOptions.JsonName), cancellationToken)
                : client.SendAsync(new ApiRequest(HttpMethod.Post, $"/v1/admin/work:{chosen}"), cancellationToken),
            static (printer, result) =>
            {
                if (result.ContainsKey("republished"))
                {
                    RepublishRun.Print(printer, result);
                }
                else
                {
                    printer.Line($"Tables or shards that began: {result.Text("begun")}. The log and the metrics show the end.");
                }
            },
            () => republish.Progress,
            findProblem: RepublishRun.FindProblem);
    }

    private static string Choose(string name, string text, string[] allowed) => allowed.Contains(text)
        ? text
        : throw CommandException.WrongUsage($"{name} is '{text}'; {string.Join(", ", allowed[..^1])} or {allowed[^1]} is allowed.");

    private static Command Table(CommandIo io, ExampleCommand command)
    {
        var id = CommonOptions.Text("--id", "HEX", "The node id of the table; needed if there are several.");
        return ApiCommand.Create(
            io,
            command.With(id),
            parsed => ApiRequest.Get("/v1/admin/table", ("id", parsed.GetValue(id) is { } given ? $"{Keys.ParseId("--id", given)}" : null)),
            static (printer, result) =>
            {
                if (!result.List("buckets").Any(static bucket => bucket.List("contacts").Count > 0))
                {
                    printer.Say($"The routing table of {result.Text("id")} has no contacts.");
                }

                printer.Table(
                    ["depth", "bucket", "contact", "endpoint"],
                    [
                        .. result.List("buckets").SelectMany(bucket => bucket.List("contacts").Select(contact => new[]
                        {
                            bucket.Text("depth"), bucket.Text("prefix"), contact.Text("id"), contact.Text("endpoint"),
                        })),
                    ]);
                if (result.List("former") is { Count: > 0 } former)
                {
                    printer.Rows(former, ("former contact", "id"), ("endpoint", "endpoint"), ("first seen", "firstSeen"), ("last seen", "lastSeen"));
                }
            });
    }

    private static Command Contact(
        CommandIo io, string name, string description, HttpMethod method, Action<ResultPrinter, JsonObject> print)
    {
        var id = new Argument<string>("ID") { Description = "The contact's node id: 40 hexadecimal digits." };
        return ApiCommand.Create(
            io,
            ApiCommand.Verb(name, description, $"contact {name} {AnId}").With(id),
            parsed => new ApiRequest(method, $"/v1/admin/contacts/{Keys.ParseId("ID", parsed.GetValue(id)!)}"),
            print);
    }
}
