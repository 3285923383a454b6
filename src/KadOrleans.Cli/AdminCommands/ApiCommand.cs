namespace KadOrleans.Cli;

/// <summary>Makes commands of one or several requests. With <c>--json</c> they print the server's object.</summary>
internal static class ApiCommand
{
    public static Command Create(
        CommandIo io, ExampleCommand command, Func<ParseResult, ApiRequest> request, Action<ResultPrinter, JsonObject> print) =>
        Create(io, command, async (parsed, client, cancellationToken) => await client.SendAsync(request(parsed), cancellationToken), print);

    public static Command List(CommandIo io, ExampleCommand command, string path, Action<ResultPrinter, JsonObject> print) =>
        Create(io, command, _ => ApiRequest.Get(path), print);

    /// <summary>A command of several requests, with one result. Without a progress it says that it waits. It may ask a person before, and fail
    /// by what the result says.</summary>
    public static Command Create(
        CommandIo io,
        ExampleCommand command,
        Func<ParseResult, AdminClient, CancellationToken, Task<JsonObject>> run,
        Action<ResultPrinter, JsonObject> print,
        Func<string>? progress = null,
        Func<ParseResult, CancellationToken, Task>? confirm = null,
        Func<JsonObject, string?>? findProblem = null)
    {
        var connection = new Connection();
        return command.With([.. connection.All]).Runs(async (parsed, json, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            await (confirm?.Invoke(parsed, cancellationToken) ?? Task.CompletedTask);
            var result = await new Progress(io, json).ShowAsync(progress ?? (() => "Waiting for the response…"), () => run(parsed, client, cancellationToken));
            var printer = new ResultPrinter(io, json);
            if (findProblem?.Invoke(result) is not { } problem)
            {
                return printer.Print(result, () => print(printer, result));
            }

            if (!json)
            {
                print(printer, result);
            }

            return printer.Fail(ExitCode.Failed, problem, result);
        });
    }

    /// <summary>A command that lists, both alone and by its verb <c>list</c> or <c>show</c>, and has other verbs.</summary>
    public static Command Group(ExampleCommand group, Func<ExampleCommand, Command> list, ExampleCommand verb, params Command[] others) =>
        list(group.With([list(verb), .. others]));

    public static ExampleCommand Verb(string name, string description, params IReadOnlyList<string> lines) =>
        new(name, description) { Examples = Examples(lines) };

    public static ExampleCommand Alias(this ExampleCommand command, string alias)
    {
        command.Aliases.Add(alias);
        return command;
    }

    /// <summary>Examples of command lines, each with a node's own token, and the first one with a cluster's.</summary>
    public static IReadOnlyList<string> Examples(params IReadOnlyList<string> lines) =>
        [.. lines.Select(line => $"kad admin {line} --data kad-data"), $"kad admin {lines[0]} --json --token-file operator.token"];

    /// <summary>The text of a field, or of one within it, such as <c>change.came</c>.</summary>
    public static string Text(this JsonNode? node, string field) => field.Split('.').Aggregate(node, (at, name) => at?[name]) switch
    {
        null => string.Empty,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => other.ToJsonString(),
    };

    public static bool IsTrue(this JsonNode? node, string field) => node.Text(field) == "true";

    /// <summary>A field's number; 0 if it is not there.</summary>
    public static double Number(this JsonNode? node, string field) =>
        double.TryParse(node.Text(field), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>A field's number with a noun, such as '1 table' or '2 tables'.</summary>
    public static string Count(this JsonNode? node, string field, string noun)
    {
        var number = node.Text(field);
        return $"{number} {noun}{(number == "1" ? string.Empty : "s")}";
    }

    public static IReadOnlyList<JsonNode> List(this JsonNode? node, string field) =>
        node?[field] is JsonArray array ? [.. array.OfType<JsonNode>()] : [];

    public static void Rows(this ResultPrinter printer, IReadOnlyList<JsonNode> rows, params (string Heading, string Field)[] columns) =>
        printer.Table([.. columns.Select(column => column.Heading)], [.. rows.Select(row => Array.ConvertAll(columns, column => row.Text(column.Field)))]);

    public static void Fields(this ResultPrinter printer, params IEnumerable<(string Name, string Text)> fields) => printer.Table(
        ["field", "content"], [.. fields.Where(field => field.Text.Length > 0).Select(field => new[] { field.Name, field.Text })]);

    public static void Changed(this ResultPrinter printer, JsonNode result, string subject, string outcome)
    {
        printer.Line($"{result.Text(subject)} is {outcome}.");
        printer.SayMissing(result);
    }

    public static void SayMissing(this ResultPrinter printer, JsonNode result)
    {
        if (result.List("missing") is { Count: > 0 } missing)
        {
            printer.Say($"Not yet on {string.Join(", ", missing.Select(name => name.ToString()))}: each follows when it reaches the cluster again.");
        }
    }
}

/// <summary>A command that lists what the server gives in pages, and says whether there is more.</summary>
internal static class PagedList
{
    private const int Page = 1_000;

    private const int DefaultCount = 100;

    private const int MaxCount = 1_000_000;

    /// <summary>Creates the command for a path below <c>/v1/admin/</c>, which is also the member of the entries.</summary>
    public static Command Create(
        CommandIo io, ExampleCommand command, string name, Option<string?>? prefix, params (string Heading, string Field)[] columns)
    {
        var after = CommonOptions.Text("--after", "HEX", "The id after which the list begins.");
        var count = new NumberOption("--count", $"How many {name} at most", 1, MaxCount, DefaultCount);
        return ApiCommand.Create(
            io,
            command.With(prefix is null ? [after, count] : [prefix, after, count]),
            (parsed, client, cancellationToken) => ReadAsync(
                client,
                name,
                prefix is null ? null : parsed.GetValue(prefix),
                parsed.GetValue(after) is { } id ? Keys.ParseId("--after", id).ToString() : null,
                count.Read(parsed),
                cancellationToken),
            (printer, result) =>
            {
                printer.Rows(result.List(name), columns);
                if (result.Text("next") is { Length: > 0 } next)
                {
                    printer.Say($"There are more; --after {next} goes on.");
                }
            });
    }

    private static async Task<JsonObject> ReadAsync(
        AdminClient client, string name, string? prefix, string? after, int most, CancellationToken cancellationToken)
    {
        var entries = new JsonArray();
        do
        {
            var wanted = Math.Min(Page, most - entries.Count);
            var page = await client.SendAsync(
                ApiRequest.Get($"/v1/admin/{name}", ("prefix", prefix), ("after", after), ("count", $"{wanted}")), cancellationToken);
            foreach (var entry in page.List(name))
            {
                entries.Add(entry.DeepClone());
            }

            after = page.Text("next") is { Length: > 0 } next ? next : null;
        }
        while (after is not null && entries.Count < most);
        return new JsonObject { [name] = entries, ["next"] = after };
    }
}
