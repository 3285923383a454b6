using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.Cli.Output;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary>Makes commands of one or several requests. With <c>--json</c> they print the server's object.</summary>
internal static class ApiCommand
{
    /// <summary>A command of one request.</summary>
    /// <param name="io">The streams.</param>
    /// <param name="command">Its name, description, examples, options and arguments.</param>
    /// <param name="request">The request of a command line.</param>
    /// <param name="print">Prints the response for a person.</param>
    public static Command Create(
        CommandIo io, ExampleCommand command, Func<ParseResult, ApiRequest> request, Action<ResultPrinter, JsonObject> print) =>
        Create(io, command, async (parsed, client, cancellationToken) => await client.SendAsync(request(parsed), cancellationToken), print);

    /// <summary>A command of several requests, with one result.</summary>
    /// <param name="io">The streams.</param>
    /// <param name="command">Its name, description, examples, options and arguments.</param>
    /// <param name="run">Makes the requests.</param>
    /// <param name="print">Prints the result for a person.</param>
    /// <param name="progress">Describes how far it is. Null: that it waits.</param>
    public static Command Create(
        CommandIo io,
        ExampleCommand command,
        Func<ParseResult, AdminClient, CancellationToken, Task<JsonObject>> run,
        Action<ResultPrinter, JsonObject> print,
        Func<string>? progress = null)
    {
        var connection = new Connection();
        var json = CommonOptions.Json();
        connection.AddTo(command);
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var isJson = parsed.GetValue(json);
            using var client = connection.Open(parsed);
            var result = await new Progress(io, isJson).ShowAsync(progress ?? (() => "Waiting for the response…"), () => run(parsed, client, cancellationToken));
            var printer = new ResultPrinter(io, isJson);
            if (isJson)
            {
                printer.Json(result);
            }
            else
            {
                print(printer, result);
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Adds options, arguments or commands to a command.</summary>
    public static ExampleCommand With(this ExampleCommand command, params ReadOnlySpan<Symbol> symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    command.Add(option);
                    break;
                case Argument argument:
                    command.Add(argument);
                    break;
                default:
                    command.Add((Command)symbol);
                    break;
            }
        }

        return command;
    }

    /// <summary>A field as text; empty if it is missing or null.</summary>
    public static string Text(this JsonNode? node, string field) => node?[field] switch
    {
        null => string.Empty,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => other.ToJsonString(),
    };

    /// <summary>A field's number with a noun, such as '1 table' or '2 tables'.</summary>
    public static string Count(this JsonNode? node, string field, string noun)
    {
        var number = node.Text(field);
        return $"{number} {noun}{(number == "1" ? string.Empty : "s")}";
    }

    /// <summary>The objects of a field.</summary>
    public static IReadOnlyList<JsonNode> List(this JsonNode? node, string field) =>
        node?[field] is JsonArray array ? [.. array.OfType<JsonNode>()] : [];

    /// <summary>Prints a table with one row for each object, whose fields are the columns.</summary>
    public static void Rows(this ResultPrinter printer, IReadOnlyList<JsonNode> rows, params (string Heading, string Field)[] columns) =>
        printer.Table([.. columns.Select(column => column.Heading)], [.. rows.Select(row => Array.ConvertAll(columns, column => row.Text(column.Field)))]);

    /// <summary>Says which shards are not counted.</summary>
    public static void NoteUncounted(this ResultPrinter printer, JsonNode result)
    {
        if (result.List("missing") is { Count: > 0 } missing)
        {
            printer.Note($"Not counted, as they do not respond: shards {string.Join(", ", missing)}.");
        }
    }

    /// <summary>Says which edges a change did not reach.</summary>
    public static void NoteMissing(this ResultPrinter printer, JsonNode result)
    {
        if (result.List("missing") is { Count: > 0 } missing)
        {
            printer.Note($"Not yet on {string.Join(", ", missing.Select(name => name.ToString()))}: each follows when it reaches the cluster again.");
        }
    }
}
