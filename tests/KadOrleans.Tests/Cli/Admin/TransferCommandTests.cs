using KadOrleans.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace KadOrleans.Tests.Cli;

/// <summary><c>kad admin import</c> at a server that takes what the real one takes, until it fails.</summary>
public sealed class TransferCommandTests : IAsyncLifetime
{
    private const int MaxBytes = 16 << 20;

    private List<int> _requests = [];
    private FakeServer _server = null!;

    /// <summary>The requests that the server takes before it fails.</summary>
    private int _taken = int.MaxValue;

    public async ValueTask InitializeAsync() => _server = await FakeServer.StartAsync(pages =>
    {
        pages.MapPost("/v1/admin/values", (Delegate)TakeAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBytes));
        pages.MapPost("/v1/admin/keys:batch", (Delegate)TakeBatchAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBytes));
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

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
        await WriteAsync(_server.Folder["long.json"], Enumerable.Repeat(DhtValue.FromString(new string('\u0001', 8_000)), 400));

        var run = await ImportAsync("long.json");

        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal([200, 200], _requests);
    }

    [Fact]
    public async Task A_failure_midway_says_how_many_values_were_imported_before()
    {
        await WriteAsync(_server.Folder["values.json"], Enumerable.Range(0, 1_500).Select(i => DhtValue.FromInteger(i)));
        await FailAsync(ExitCode.Unreachable, "It is away. 1000 values were imported before.", "values.json", taken: 1);
        await FailAsync(ExitCode.Unreachable, "It is away.", "values.json", taken: 0);
        File.WriteAllLines(_server.Folder["keys.jsonl"], Enumerable.Range(0, 65).Select(i => i < 64 ? $$"""{"key":"{{i}}","value":1}""" : "no JSON"));
        await FailAsync(
            ExitCode.WrongUsage, "FILE: line 65 is no JSON object of at most 65536 characters. 64 values were imported before.", "keys.jsonl", taken: 1);
        File.WriteAllBytes(_server.Folder["empty"], []);
        await FailAsync(
            ExitCode.WrongUsage,
            $"FILE is '{_server.Folder["empty"]}', which is empty; a file of export or kad state, or JSON lines, is needed.",
            "empty",
            taken: 0);

        async Task FailAsync(int exitCode, string sentence, string file, int taken)
        {
            (_requests, _taken) = ([], taken);
            var run = await ImportAsync(file);
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

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        body.Position = 0;
        return Take(new StateReader(body, "body").ReadValues().Count(), count => new { imported = count, expired = 0, older = 0, refused = 0 });
    }

    private async Task<IResult> TakeBatchAsync(HttpContext context)
    {
        var body = await System.Text.Json.Nodes.JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        return Take(body!["operations"]!.AsArray().Count, count => new { results = Enumerable.Repeat(new { status = 200 }, count) });
    }

    private IResult Take(int count, Func<int, object> respond)
    {
        if (_requests.Count == _taken)
        {
            return Results.Problem("It is away.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        _requests.Add(count);
        return Results.Json(respond(count));
    }

    private Task<KadRun> ImportAsync(string file) => _server.RunAsync("import", _server.Folder[file]);
}
