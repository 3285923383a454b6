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
