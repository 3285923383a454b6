using KadOrleans.Cli;
using KadOrleans.Tests.Http;

namespace KadOrleans.Tests.Cli;

/// <summary><c>kad admin import</c> at a server that takes what the real one takes, until it fails.</summary>
public sealed class TransferCommandTests(ApiHost host) : IClassFixture<ApiHost>
{
    private readonly ApiHost _api = host.Reset();

    /// <summary>Writes a file of values that live.</summary>
    internal static async Task WriteAsync(string path, IEnumerable<DhtValue> values)
    {
        var now = DateTimeOffset.UtcNow;
        await using var file = File.Create(path);
        await StateWriter.WriteAsync(
            file,
            null,
            values.Select((value, i) => KeyValuePair.Create(NodeId.FromKey($"{i}"), new StoredValue(value, now, now.AddDays(1), default))).ToAsyncEnumerable(),
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_request_has_as_many_values_as_the_server_takes()
    {
        // Each byte is an escape of six.
        await WriteAsync(_api.Folder["long.json"], Enumerable.Repeat(DhtValue.FromString(new string('\u0001', 8_000)), 400));

        var run = await _api.RunAsync("import", _api.Folder["long.json"]);

        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(["Import 200", "Import 200"], _api.Admin.Calls);
    }

    [Fact]
    public async Task A_failure_midway_says_how_many_values_were_imported_before()
    {
        await WriteAsync(_api.Folder["values.json"], Enumerable.Range(0, 1_500).Select(i => DhtValue.FromInteger(i)));
        _api.Admin.ImportsTaken = 1;
        await FailAsync(ExitCode.Unreachable, "It is away. 1000 values were imported before.", "values.json");
        await FailAsync(ExitCode.Unreachable, "It is away.", "values.json");
        File.WriteAllLines(_api.Folder["keys.jsonl"], Enumerable.Range(0, 65).Select(i => i < 64 ? $$"""{"key":"{{i}}","value":1}""" : "no JSON"));
        await FailAsync(ExitCode.WrongUsage, "FILE: line 65 is no JSON object of at most 65536 characters. 64 values were imported before.", "keys.jsonl");
        File.WriteAllBytes(_api.Folder["empty"], []);
        await FailAsync(
            ExitCode.WrongUsage, $"FILE is '{_api.Folder["empty"]}', which is empty; a file of export or kad state, or JSON lines, is needed.", "empty");

        async Task FailAsync(int exitCode, string sentence, string file)
        {
            var run = await _api.RunAsync("import", _api.Folder[file]);
            Assert.Equal((exitCode, sentence + "\n"), (run.ExitCode, run.Error));
        }
    }

    [Theory]
    [InlineData("{\"key\":\"stra\u00dfe\",\"value\":1}", "is not UTF-8 text; a value of other bytes has the type bytes, in hexadecimal.")]
    [InlineData("{\"key\":\"k\",\"value\":\"\\ud800\"}", "is not UTF-8 text; a value of other bytes has the type bytes, in hexadecimal.")]
    [InlineData("{\"key\":\"\\uDFFFk\",\"value\":1}", "is not UTF-8 text; a value of other bytes has the type bytes, in hexadecimal.")]
    [InlineData("{\"key\":\"k\",\"\\udc00\":1}", "is not UTF-8 text; a value of other bytes has the type bytes, in hexadecimal.")]
    [InlineData("{\"key\":\"k\",\"key\":\"l\",\"value\":1}", "is no JSON object of at most 65536 characters.")]
    [InlineData("LONG", "is no JSON object of at most 65536 characters.")]
    public async Task A_line_that_is_no_text_is_named_and_nothing_of_it_is_stored(string line, string problem)
    {
        var wrong = line == "LONG" ? new string('x', 300_000) : line;
        await File.WriteAllBytesAsync(
            _api.Folder["lines.jsonl"],
            [.. Encoding.UTF8.Preamble, .. "{\"key\":\"\u20ac\",\"value\":1}\r\n\r\n"u8, .. Encoding.Latin1.GetBytes($"{wrong}\n")],
            TestContext.Current.CancellationToken);

        var run = await _api.RunAsync("import", _api.Folder["lines.jsonl"]);

        Assert.Equal((ExitCode.WrongUsage, $"FILE: line 3 {problem}\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task A_value_that_the_server_refuses_is_named_by_its_line()
    {
        await File.WriteAllLinesAsync(
            _api.Folder["lines.jsonl"],
            Enumerable.Range(1, 200).Select(i => $$"""{"key":"{{i}}","value":"{{new string('x', i == 151 ? 9_000 : 1)}}"}""").Prepend(string.Empty),
            TestContext.Current.CancellationToken);

        var run = await _api.RunAsync("import", _api.Folder["lines.jsonl"]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.StartsWith($"Line 152: The value is 9000 bytes long; at most {StoreRules.MaxContentLength} are allowed. ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_are_stored_whatever_their_ends_and_their_escapes()
    {
        await File.WriteAllBytesAsync(
            _api.Folder["lines.jsonl"],
            [.. Encoding.UTF8.Preamble, .. "{\"key\":\"\u20ac\",\"value\":1}\r\n\n{\"key\":\"\\ud83d\\ude00\",\"value\":\"\ufffd\"}"u8],
            TestContext.Current.CancellationToken);

        var run = await _api.RunAsync("import", _api.Folder["lines.jsonl"]);

        Assert.Equal((ExitCode.Done, "2 values were stored.\n", string.Empty), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task A_state_file_with_text_that_is_not_UTF_8_is_refused()
    {
        await WriteAsync(_api.Folder["state.json"], [DhtValue.FromString("K\u00f6ln")]);
        var text = await File.ReadAllTextAsync(_api.Folder["state.json"], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_api.Folder["latin.json"], text, Encoding.Latin1, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _api.Folder["half.json"], text.Replace("\u00f6", "\\ud800", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        foreach (var file in new[] { "latin.json", "half.json" })
        {
            var run = await _api.RunAsync("import", _api.Folder[file]);

            Assert.Equal((ExitCode.WrongUsage, string.Empty), (run.ExitCode, run.Output));
            Assert.StartsWith($"'{_api.Folder[file]}' is not a kad-state file of version 1: ", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_begins_no_response_is_said_to_be_unreachable()
    {
        // Connections are accepted by the system, and nobody reads them.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = new AdminClient(new Uri($"http://{silent.LocalEndpoint}"), "token", TimeSpan.FromMilliseconds(50));

        var failure = await Assert.ThrowsAsync<CommandException>(
            () => client.ReadAsync("/v1/admin/values", _ => Task.FromResult(true), TestContext.Current.CancellationToken));

        Assert.Equal(
            (ExitCode.Unreachable, $"http://{silent.LocalEndpoint}/ did not respond within {0.05} s."), (failure.ExitCode, failure.Message));
    }
}
