using System.Text;
using System.Text.Json;
using KadOrleans.Cli.Commands;

namespace KadOrleans.Cli.Admin;

/// <summary><c>kad admin import</c>: sets many keys from JSON lines.</summary>
internal static class TransferCommands
{
    /// <summary>The operations of one request. Each counts against the token's rate.</summary>
    private const int Batch = 64;

    /// <summary>The most characters of a line: a value of the greatest length in hexadecimal, and its key.</summary>
    private const int MaxLine = 1 << 16;

    public static Command Import(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "JSON lines, each {\"key\":…,\"value\":…}, with \"type\", \"life\" or \"as\" as in a batch; - is the standard input." };
        var imported = 0;
        return ApiCommand.Create(
            io,
            new ExampleCommand("import", "Store many values and publish each again every day.")
            {
                Examples = [.. ApiCommand.Examples("import keys.jsonl"), "generate-keys | kad admin import - --data kad-data"],
                Notes = "A line is as in docs/http.md. It may be run again with the same file: a value that is there already is published anew.",
            }.With(file),
            async (parsed, client, cancellationToken) =>
            {
                await using var stream = Open(io, parsed.GetValue(file)!);
                using var lines = new StreamReader(stream, Encoding.UTF8);
                var failures = new JsonArray();
                await foreach (var (numbers, operations) in ReadAsync(lines, cancellationToken))
                {
                    imported += await SendAsync(client, numbers, operations, failures, cancellationToken);
                }

                return failures.Count == 0
                    ? new JsonObject { ["imported"] = imported }
                    : throw CommandException.Failed($"{imported} values were stored, and {failures.Count} were not; the first is in {failures[0]}");
            },
            static (printer, result) => printer.Line($"{result.Text("imported")} values were stored."),
            () => $"{imported} values are stored…");
    }

    private static Stream Open(CommandIo io, string path)
    {
        try
        {
            return path == "-" ? io.OpenInput() : File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"FILE: '{path}' cannot be read ({Phrases.Of(e.Message)}).", e);
        }
    }

    private static async IAsyncEnumerable<(List<int> Numbers, JsonArray Operations)> ReadAsync(
        StreamReader lines, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (numbers, operations, number) = (new List<int>(), new JsonArray(), 0);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            number++;
            if (line.Length == 0)
            {
                continue;
            }

            operations.Add(Parse(line, number));
            numbers.Add(number);
            if (numbers.Count == Batch)
            {
                yield return (numbers, operations);
                (numbers, operations) = ([], []);
            }
        }

        if (numbers.Count > 0)
        {
            yield return (numbers, operations);
        }
    }

    private static JsonObject Parse(string line, int number)
    {
        try
        {
            if (line.Length <= MaxLine && JsonNode.Parse(line) is JsonObject entry)
            {
                entry["op"] = "put";
                return entry;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw CommandException.WrongUsage($"FILE: line {number} is no JSON object of at most {MaxLine} characters.");
    }

    private static async Task<int> SendAsync(
        AdminClient client, List<int> numbers, JsonArray operations, JsonArray failures, CancellationToken cancellationToken)
    {
        var result = await client.SendAsync(
            new ApiRequest(HttpMethod.Post, "/v1/admin/keys:batch", new JsonObject { ["operations"] = operations }), cancellationToken);
        var stored = 0;
        foreach (var (i, outcome) in result.List("results").Index())
        {
            if (outcome.Text("status") == "200")
            {
                stored++;
            }
            else
            {
                failures.Add($"line {numbers[i]}: {outcome.Text("problem")}");
            }
        }

        return stored;
    }
}
