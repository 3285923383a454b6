namespace KadOrleans.Cli;

internal static class UsageCommands
{
    private const int DefaultEntries = 100;

    private const int DefaultSources = 20;

    public static Command Usage(CommandIo io) => ApiCommand.List(
        io,
        ApiCommand.Verb("usage", "Count the keys and bytes that are held, and the items kept for their owners; of a cluster by shard.", "usage"),
        "/v1/admin/usage",
        static (printer, result) =>
        {
            Print(printer, result, ["shard"], ["keys", "bytes", "kept"], result.List("shards"));
            if (result["mostKept"] is not null)
            {
                printer.Say($"Kept for their owners: {result.Count("kept", "item")}; the limit keptKeys is {result.Text("mostKept")}.");
            }
        });

    public static Command Sources(CommandIo io)
    {
        var count = new NumberOption("--count", "How many networks by keys, and how many by bytes", 1, IDhtAdmin.MaxSources, DefaultSources);
        return ApiCommand.Create(
            io,
            new ExampleCommand("sources", "Count what each source network stored: those with most keys or bytes.")
            {
                Examples = ApiCommand.Examples("sources", "sources --count 100"),
                Notes = "A source is an IPv4 address or an IPv6 /64. 'trusted' is what was stored here itself or by trusted nodes. What is not "
                    + "proven came without a write token: others may have stored it in the source's name.",
            }.With(count),
            parsed => ApiRequest.Get("/v1/admin/usage/sources", ("count", $"{count.Read(parsed)}")),
            static (printer, result) => Print(printer, result, ["source", "proven"], ["keys", "bytes"], result.List("sources")));
    }

    public static Command Audit(CommandIo io)
    {
        var count = new NumberOption("--count", "How many at most", 1, IDhtAdmin.MaxPage, DefaultEntries);
        var before = CommonOptions.Text("--before", "NUMBER", "Only entries with lower numbers than this one.");
        return ApiCommand.Create(
            io,
            ApiCommand.Verb("audit", "List the last changes that were made over HTTP, newest first.", "audit", "audit --count 10").With(count, before),
            parsed => ApiRequest.Get("/v1/admin/audit", ("count", $"{count.Read(parsed)}"), ("before", parsed.GetValue(before))),
            static (printer, result) => printer.Rows(
                result.List("entries"), ("nr", "number"), ("time", "time"), ("who", "who"), ("action", "action"), ("target", "target"), ("done", "succeeded"), ("result", "result")));
    }

    // What follows a name says something of one count, and has no meaning for several.
    private static void Print(ResultPrinter printer, JsonObject result, string[] names, string[] columns, IReadOnlyList<JsonNode> counts)
    {
        var rows = counts.Select(count => Row(count.Text(names[0]), count)).ToList();
        if (result["others"] is { } others && others.Text("keys") != "0")
        {
            rows.Add(Row("others", others));
        }

        printer.Table([.. names, .. columns], [.. rows, Row("all", result)]);
        if (result.List("missing") is { Count: > 0 } missing)
        {
            printer.Say($"Not counted, as they do not respond: shards {string.Join(", ", missing)}.");
        }

        string[] Row(string name, JsonNode count) => [name, .. names.Skip(1).Select(count.Text), .. columns.Select(count.Text)];
    }
}
