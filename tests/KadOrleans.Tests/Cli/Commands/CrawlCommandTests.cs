using System.Text.Json.Nodes;
namespace KadOrleans.Tests.Cli;

public sealed class CrawlCommandTests(RunningNetwork network) : IClassFixture<RunningNetwork>, IDisposable
{
    private readonly IReadOnlyList<NodeProcess> _nodes = network.Nodes;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_crawl_finds_every_node_and_writes_all_it_was_asked_for()
    {
        var (rows, svg, state) = (_folder["rows.jsonl"], _folder["net.svg"], _folder["state"]);
        var run = await KadRun.DoneAsync(
            "crawl", "--via", _nodes[0].Address, "--output", rows, "--svg", svg, "--resume", state, "--json");
        Assert.Equal(3, run.Json["nodes"]!.GetValue<int>());
        Assert.Equal(3, run.Json["completeTables"]!.GetValue<int>());
        Assert.True(run.Json["finished"]!.GetValue<bool>());
        var read = (await File.ReadAllLinesAsync(rows, TestContext.Current.CancellationToken)).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(_nodes.Select(n => n.Id).Order(StringComparer.Ordinal), read.Select(r => r["id"]!.GetValue<string>()));
        Assert.All(read, r => Assert.Equal(2, r["contacts"]!.GetValue<int>()));
        Assert.Contains("</svg>", await File.ReadAllTextAsync(svg, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // The finished state needs nobody to answer.
        var again = await KadRun.DoneAsync("crawl", "--resume", state, "--output", "-", "--format", "csv");
        Assert.Equal(4, again.Output.Trim().Split('\n').Length);
        Assert.StartsWith("id,endpoint,reachable,", again.Output, StringComparison.Ordinal);
        Assert.Contains("3 reachable", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_for_a_pipe_go_into_it_and_those_for_a_link_go_where_it_leads()
    {
        var (pipe, rows, link) = (_folder["pipe"], _folder["rows.csv"], _folder["link"]);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await File.WriteAllTextAsync(rows, "old", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(link, rows);
        var read = Task.Run(() => File.ReadAllText(pipe), TestContext.Current.CancellationToken);
        var run = await KadRun.RunAsync("crawl", "--via", _nodes[0].Address, "--output", pipe, "--format", "csv");
        var linked = await KadRun.RunAsync("crawl", "--via", _nodes[0].Address, "--output", link, "--format", "csv");

        Assert.Equal((ExitCode.Done, ExitCode.Done), (run.ExitCode, linked.ExitCode));
        Assert.StartsWith("id,endpoint,reachable,", await read, StringComparison.Ordinal);
        Assert.Equal(rows, File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName);
        Assert.StartsWith(
            "id,endpoint,reachable,", await File.ReadAllTextAsync(rows, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crawl_that_is_interrupted_says_what_it_has_and_goes_on_later()
    {
        var state = _folder["state"];
        await using (var process = KadProcess.Start("crawl", "--via", _nodes[0].Address, "--rate", "1", "--resume", state, "--json"))
        {
            await Eventually.ReadAsync(
                () => Task.FromResult(File.Exists(state) ? new FileInfo(state).Length : 0), length => length > 80);
            await process.InterruptAsync();
            var json = JsonNode.Parse(await process.NextLineAsync())!;

            Assert.Equal(ExitCode.Failed, await process.ExitAsync());
            Assert.False(json["finished"]!.GetValue<bool>());
            Assert.Contains($"Continue with --resume {state}.", process.Error.Text, StringComparison.Ordinal);
        }

        var run = await KadRun.DoneAsync("crawl", "--resume", state, "--json");
        Assert.Equal(3, run.Json["nodes"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_small_network_is_counted_by_its_lookups()
    {
        // A node whose response is late is not counted.
        var run = await Eventually.ReadAsync(
            () => KadRun.RunAsync("size", "--via", _nodes[0].Address, "--json"), run => run.Json["nodes"]!.GetValue<double>() == 3);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(25, run.Json["lookups"]!.GetValue<int>());
        var text = await Eventually.ReadAsync(
            () => KadRun.RunAsync("size", "--via", _nodes[0].Address, "--lookups", "8"),
            text => text.Output.StartsWith('3'));
        Assert.Equal("3 nodes, ± 0 (standard error), by 8 lookups", text.Output.Trim());
    }

    [Fact]
    public async Task Nobody_there_is_said_in_a_sentence()
    {
        var run = await KadRun.RunAsync("crawl", "--via", "127.0.0.1:9");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Equal("No node answered.", run.Error.Trim());
    }
}
