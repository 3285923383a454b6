namespace KadOrleans.Tests.Cli;

/// <summary>The log of <c>kad node</c> for programs.</summary>
public sealed class JsonLogTests
{
    private static readonly Dictionary<string, string> Json = new() { ["Logging__Console__FormatterName"] = "json" };

    [Fact]
    public async Task Each_line_is_an_object_and_a_change_has_its_category_event_and_trace()
    {
        using var folder = new TemporaryFolder();
        await using var node = KadProcess.Start(Json, "node", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", folder.Path);
        await Eventually.BecomesAsync(() => NodeProcess.HttpOf(node).Length > 0, () => node.Error.Text);
        await KadRun.DoneAsync(
            "admin", "bans", "add", "192.0.2.1", "--url", $"http://{NodeProcess.HttpOf(node)}", "--data", folder.Path);
        Assert.Equal(0, await node.StopAsync());

        var messages = node.Error.All.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(messages, message => Assert.NotEmpty(message.GetProperty("Category").GetString()!));
        var audit = Assert.Single(messages, message => message.GetProperty("EventId").GetInt32() == 8110);
        Assert.Equal("KadOrleans.Audit", audit.GetProperty("Category").GetString());
        Assert.Contains(audit.GetProperty("Scopes").EnumerateArray(), scope =>
            scope.ValueKind == JsonValueKind.Object && scope.TryGetProperty("TraceId", out var trace) && trace.GetString()!.Length == 32);

        // Where it listens is in the log, and not on the standard output as well.
        Assert.Contains(messages, message => message.GetProperty("EventId").GetInt32() == 8150
            && message.GetProperty("Message").GetString()!.StartsWith("listening udp 127.0.0.1:", StringComparison.Ordinal));
        Assert.Empty(node.Output.All);
    }

    [Fact]
    public async Task A_format_that_is_none_ends_start_up_with_a_sentence()
    {
        await using var node = KadProcess.Start(
            new Dictionary<string, string> { ["Logging__Console__FormatterName"] = "xml" }, "node", "--in-memory");

        Assert.Equal(ExitCode.WrongUsage, await node.ExitAsync());
        Assert.Equal("Logging:Console:FormatterName is 'xml'; json, line, simple, systemd are allowed.", Assert.Single(node.Error.All));
    }
}
