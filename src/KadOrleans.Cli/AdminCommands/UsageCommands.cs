namespace KadOrleans.Cli;

internal static class UsageCommands
{
    private const string DefaultSources = "20";

    public static Command Usage(CommandIo io) => ApiCommand.List(
        io,
        ApiCommand.Verb("usage", "Count the keys and bytes that are held, of a cluster by shard.", "usage"),
        "/v1/admin/usage",
        static (printer, result) => Print(printer, result, "shard", result.List("shards"), mark: null));

    public static Command Sources(CommandIo io)
    {
        var count = CommonOptions.Text("--count", "N", $"How many networks by keys, and how many by bytes, 1 to {IDhtAdmin.MaxSources}. [default: {DefaultSources}]");
        return ApiCommand.Create(
            io,
            new ExampleCommand("sources", "Count what each source network stored: those with most keys or bytes.")
            {
                Examples = ApiCommand.Examples("sources", "sources --count 100"),
                Notes = "A source is an IPv4 address or an IPv6 /64. 'trusted' is what was stored here itself or by trusted nodes. What is not "
                    + "proven came without a write token: others may have stored it in the source's name.",
            }.With(count),
            parsed => ApiRequest.Get("/v1/admin/usage/sources", ("count", parsed.GetValue(count) ?? DefaultSources)),
            static (printer, result) => Print(printer, result, "source", result.List("sources"), "proven"));
    }

    public static Command Audit(CommandIo io)
    {
        var count = CommonOptions.Text("--count", "N", $"How many at most, 1 to {IDhtAdmin.MaxPage}. [default: 100]");
        var before = CommonOptions.Text("--before", "NUMBER", "Only entries with lower numbers than this one.");
        return ApiCommand.Create(
            io,
            ApiCommand.Verb("audit", "List the last changes that were made over HTTP, newest first.", "audit", "audit --count 10").With(count, before),
            parsed => ApiRequest.Get("/v1/admin/audit", ("count", parsed.GetValue(count)), ("before", parsed.GetValue(before))),
            static (printer, result) => printer.Rows(
                result.List("entries"), ("nr", "number"), ("time", "time"), ("who", "who"), ("action", "action"), ("target", "target"), ("done", "succeeded"), ("result", "result")));
    }

    // The mark is a property of each count, and has no meaning for several.
    private static void Print(ResultPrinter printer, JsonObject result, string heading, IReadOnlyList<JsonNode> counts, string? mark)
    {
        var rows = counts.Select(count => Row(count.Text(heading), count, mark)).ToList();
        if (result["others"] is { } others && others.Text("keys") != "0")
        {
            rows.Add(Row("others", others, mark));
        }

        string[] headings = mark is null ? [heading, "keys", "bytes"] : [heading, mark, "keys", "bytes"];
        printer.Table(headings, [.. rows, Row("all", result, mark)]);
        if (result.List("missing") is { Count: > 0 } missing)
        {
            printer.Note($"Not counted, as they do not respond: shards {string.Join(", ", missing)}.");
        }
    }

    private static string[] Row(string name, JsonNode counts, string? mark) => mark is null
        ? [name, counts.Text("keys"), counts.Text("bytes")]
        : [name, counts.Text(mark), counts.Text("keys"), counts.Text("bytes")];
}
