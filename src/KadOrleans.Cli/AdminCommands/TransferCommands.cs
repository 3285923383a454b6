using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Unicode;

namespace KadOrleans.Cli;

// kad admin export and import: all values as a file of kad state, with their times and sources. An import also takes JSON lines,
// and publishes those anew.
internal static class TransferCommands
{
    private const string Values = "/v1/admin/values";

    // What the server takes in one request, which is an entry of the audit log.
    private const int ValuesPerRequest = 1_000;
    private const int BytesPerRequest = 16 << 20;

    // The operations of one request. Each counts against the token's rate.
    private const int Batch = 64;

    // The most characters of a line: a value of the greatest length in hexadecimal, and its key.
    private const int MaxLine = 1 << 16;
    private const int MaxLineBytes = 3 * MaxLine;

    // Those of a put in a batch.
    private static readonly string[] Fields = ["key", "as", "type", "value", "life", "wait"];

    // How a file of kad state begins, without white space.
    private const string StateBegin = """{"format":""";

    public static Command Export(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to write; - is the standard output." };
        var (connection, count) = (new Connection(), 0L);
        return new ExampleCommand("export", "Write all values that are held to a file, while the node or the cluster serves on.")
        {
            Examples = [.. ApiCommand.Examples("export backup.json"), "kad admin export - --data kad-data | gzip > backup.json.gz"],
            Notes = "The file is that of kad state, with each value's times and source, and for a cluster with when it was published.",
        }.With([file, .. connection.All]).Runs(async (parsed, json, cancellationToken) =>
        {
            var path = parsed.GetValue(file)!;
            CommonOptions.CheckOutput(json, path, "FILE '-'");
            using var client = connection.Open(parsed);
            await new Progress(io, json).ShowAsync(
                () => $"{count:N0} values are exported…",
                () => client.ReadAsync(Values, body => path == StateFile.Standard
                    ? WriteAsync(body, io.OutputBytes)
                    : StateFile.WriteAsync(path, stream => WriteAsync(body, stream)), cancellationToken));
            var printer = new ResultPrinter(io, json);
            return printer.Print(new JsonObject { ["file"] = path, ["values"] = count }, path == StateFile.Standard
                ? () => printer.Say($"exported {count} values")
                : () => printer.Line($"exported {count} values to {path}"));

            Task<long> WriteAsync(Stream body, Stream output) =>
                StateWriter.WriteAsync(output, null, ReceiveAsync(client, body, () => count++, cancellationToken), cancellationToken);
        });
    }

    public static Command Import(CommandIo io)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A file of export or kad state, or JSON lines, each {\"key\":…,\"value\":…}, with \"type\", \"life\" or \"as\" as in a batch; - is the standard input.",
        };
        Func<string> progress = () => "Reading…";
        return ApiCommand.Create(
            io,
            new ExampleCommand("import", "Store the values of a file.")
            {
                Examples =
                [
                    .. ApiCommand.Examples("import backup.json", "import keys.jsonl"), "generate-keys | kad admin import - --data kad-data",
                ],
                Notes = "Values of an export keep their times and sources; of two values of a key the one stored later stays. The file is checked to its "
                    + "end first. Values of JSON lines are published again every day; a line is as in docs/http.md. Either may be imported again.",
            }.With(file),
            async (parsed, client, cancellationToken) =>
            {
                var path = parsed.GetValue(file)!;
                var input = PipeReader.Create(Open(io, path));
                var begin = await input.ReadAtLeastAsync(64, cancellationToken);
                if (begin.Buffer.IsEmpty)
                {
                    throw CommandException.WrongUsage($"FILE is '{path}', which is empty; a file of export or kad state, or JSON lines, is needed.");
                }

                var text = string.Concat(Encoding.UTF8.GetString(begin.Buffer).Where(c => !char.IsWhiteSpace(c) && c != '\ufeff'));
                input.AdvanceTo(begin.Buffer.Start);
                await using var stream = input.AsStream();
                return text.StartsWith(StateBegin, StringComparison.Ordinal)
                    ? await ImportStateAsync(io, client, path, stream, said => progress = said, cancellationToken)
                    : await ImportLinesAsync(client, input, said => progress = said, cancellationToken);
            },
            static (printer, result) => printer.Line(result.Text("file") is { Length: > 0 } path
                ? $"imported {result.Text("imported")} values from {path}; left out: {Describe(result)}"
                : $"{result.Text("imported")} values were stored."),
            () => progress());
    }

    /// <summary>Reads values as they come. The stream is read synchronously, so cancelling closes it.</summary>
    private static async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReceiveAsync(
        AdminClient client, Stream body, Action note, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var closing = cancellationToken.Register(body.Close);
        using var values = new StateReader(body, "the response").ReadValues().GetEnumerator();
        while (await Task.Run(MoveNext, CancellationToken.None))
        {
            note();
            yield return values.Current;
        }

        bool MoveNext()
        {
            try
            {
                return values.MoveNext();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw client.Unreachable(e);
            }
        }
    }

    private static async Task<JsonObject> ImportStateAsync(
        CommandIo io, AdminClient client, string path, Stream input, Action<Func<string>> tell, CancellationToken cancellationToken)
    {
        await using var stream = await StateFile.OpenAsync(path, () => input, cancellationToken);
        var head = new StateReader(stream, path);
        var isChecked = 0L;
        tell(() => $"{isChecked:N0} values are checked…");
        foreach (var _ in head.ReadValues())
        {
            cancellationToken.ThrowIfCancellationRequested();
            isChecked++;
        }

        if (head.Id is not null || head.Contacts.Count > 0)
        {
            io.Say($"A node's id and {head.Contacts.Count} contacts in the file are left out: a running node or cluster has its own.");
        }

        stream.Position = 0;
        string[] counts = ["imported", "expired", "older", "refused"];
        var totals = counts.ToDictionary(count => count, _ => 0L);
        tell(() => $"{totals["imported"]:N0} values are imported…");
        await CountedAsync(() => totals["imported"], async () =>
        {
            foreach (var some in new StateReader(stream, path).ReadValues().Chunk(ValuesPerRequest))
            {
                await SendAsync(some);
            }
        });

        var summary = new JsonObject([new("file", path), .. totals.Select(total => new KeyValuePair<string, JsonNode?>(total.Key, total.Value))]);
        return totals["refused"] == 0
            ? summary
            : throw CommandException.Failed($"{totals["imported"]} values were imported from {path}; left out: {Describe(summary)}.");

        async Task SendAsync(ReadOnlyMemory<KeyValuePair<NodeId, StoredValue>> some)
        {
            using var body = new MemoryStream();
            await StateWriter.WriteAsync(body, null, some.ToArray().ToAsyncEnumerable(), cancellationToken);
            if (body.Length > BytesPerRequest)
            {
                await SendAsync(some[..(some.Length / 2)]);
                await SendAsync(some[(some.Length / 2)..]);
                return;
            }

            var result = await client.SendAsync(new ApiRequest(HttpMethod.Post, Values, body.ToArray()), cancellationToken);
            Array.ForEach(counts, count => totals[count] += result[count]!.GetValue<long>());
        }
    }

    /// <summary>Imports. A failure says how many values were imported before.</summary>
    private static async Task CountedAsync(Func<long> imported, Func<Task> import)
    {
        try
        {
            await import();
        }
        catch (CommandException e) when (imported() > 0)
        {
            throw new CommandException(e.ExitCode, $"{e.Message} {imported()} values were imported before.", e);
        }
    }

    private static string Describe(JsonObject result) =>
        $"{result.Text("expired")} expired, {result.Text("older")} not newer than those held, {result.Text("refused")} too long, beyond the quotas, or not signed by their owners";

    private static async Task<JsonObject> ImportLinesAsync(AdminClient client, PipeReader input, Action<Func<string>> tell, CancellationToken cancellationToken)
    {
        var (failures, imported) = (new List<string>(), 0);
        tell(() => $"{imported} values are stored…");
        await CountedAsync(() => imported, async () =>
        {
            await foreach (var some in ReadAsync(input, cancellationToken).Chunk(Batch).WithCancellation(cancellationToken))
            {
                var body = new JsonObject { ["operations"] = new JsonArray([.. some.Select(one => one.Put)]) };
                var result = await SendAsync(body, some);
                var failed = result.List("results").Zip(some).Where(one => one.First.Text("status") != "200").ToList();
                imported += some.Length - failed.Count;
                failures.AddRange(failed.Select(one => $"line {one.Second.Number}: {one.First.Text("problem")}"));
            }
        });

        return failures.Count == 0
            ? new JsonObject { ["imported"] = imported }
            : throw CommandException.Failed($"{imported} values were stored, and {failures.Count} were not; the first is in {failures[0]}");

        async Task<JsonObject> SendAsync(JsonObject body, IReadOnlyList<(int Number, JsonObject Put)> some)
        {
            try
            {
                return await client.SendAsync(new ApiRequest(HttpMethod.Post, "/v1/admin/keys:batch", body), cancellationToken);
            }
            catch (CommandException e) when (e.Operation is { } place && place <= some.Count)
            {
                // Who wrote the file knows its lines, and nothing of the operations.
                var about = $"Operation {place}";
                var sentence = e.Message.StartsWith(about, StringComparison.Ordinal) ? e.Message[about.Length..] : $": {e.Message}";
                throw new CommandException(e.ExitCode, $"Line {some[place - 1].Number}{sentence}", e);
            }
        }
    }

    private static Stream Open(CommandIo io, string path)
    {
        try
        {
            return path == StateFile.Standard ? io.OpenInput() : File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"FILE: '{path}' cannot be read ({Phrases.OfFile(path, e)}).", e);
        }
    }

    private static async IAsyncEnumerable<(int Number, JsonObject Put)> ReadAsync(
        PipeReader input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (number, line) in Utf8Lines.ReadAsync(input, MaxLineBytes, cancellationToken))
        {
            var text = number == 1 && line.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? line[Encoding.UTF8.Preamble.Length..] : line;
            if (text.Length > 0)
            {
                yield return (number, Parse(text, number));
            }
        }
    }

    private static JsonObject Parse(byte[] line, int number)
    {
        // A line that is too long may be cut within a character.
        if (line.Length <= MaxLineBytes && !Utf8.IsValid(line))
        {
            throw NotText(number);
        }

        var text = Encoding.UTF8.GetString(line);
        try
        {
            if (text.Length <= MaxLine && JsonNode.Parse(text) is JsonObject entry)
            {
                if (entry.Select(field => field.Key).FirstOrDefault(field => !Fields.Contains(field)) is { } unknown)
                {
                    throw CommandException.WrongUsage($"FILE: line {number}: {KnownNames.Describe("field", unknown, Fields)}");
                }

                entry["op"] = "put";

                // An escape may be half of a character, which shows when it is written.
                _ = text.Contains("\\u", StringComparison.Ordinal) ? entry.ToJsonString() : text;
                return entry;
            }
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException { InnerException: InvalidOperationException })
        {
            throw NotText(number);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // No JSON, or a member that is there twice.
        }

        throw CommandException.WrongUsage($"FILE: line {number} is no JSON object of at most {MaxLine} characters.");
    }

    private static CommandException NotText(int number) => CommandException.WrongUsage(
        $"FILE: line {number} is not UTF-8 text; a value of other bytes has the type bytes, in hexadecimal.");
}
