namespace KadOrleans.Tests.Cli;

public sealed class CrawlCommandTests(RunningNetwork network) : FolderTests, IClassFixture<RunningNetwork>
{
    private readonly IReadOnlyList<NodeProcess> _nodes = network.Nodes;
    [Fact]
    public async Task A_crawl_finds_every_node_and_writes_all_it_was_asked_for()
    {
        var (rows, svg, state) = (Path.Combine(Folder, "rows.jsonl"), Path.Combine(Folder, "net.svg"), Path.Combine(Folder, "state"));
        var run = await KadRun.DoneAsync(
            "crawl", "--via", _nodes[0].Address, "--output", rows, "--svg", svg, "--resume", state, "--json");
        Assert.Equal((3, 3, true), ((int)run.Json["nodes"]!, (int)run.Json["completeTables"]!, (bool)run.Json["finished"]!));
        var read = (await File.ReadAllLinesAsync(rows, TestContext.Current.CancellationToken)).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(_nodes.Select(n => n.Id).Order(StringComparer.Ordinal), read.Select(r => r["id"]!.GetValue<string>()));
        Assert.All(read, r => Assert.Equal(2, r["contacts"]!.GetValue<int>()));
        Assert.Contains("</svg>", await File.ReadAllTextAsync(svg, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // The finished state needs nobody to answer.
        var again = await KadRun.DoneAsync("crawl", "--resume", state, "--output", "-", "--format", "csv");
        Assert.Equal(4, again.Output.Trim().Split('\n').Length);
        Assert.StartsWith("id,endpoint,reachable,", again.Output, StringComparison.Ordinal);
        Assert.Contains("3 reachable", again.Error, StringComparison.Ordinal);
        var piped = KadRun.ReadPipe(Path.Combine(Folder, "pipe"));
        await KadRun.DoneAsync("crawl", "--resume", state, "--output", Path.Combine(Folder, "pipe"), "--format", "csv");
        Assert.Equal(again.Output, await piped);
    }

    [Fact]
    public async Task A_crawl_that_is_interrupted_says_what_it_has_and_goes_on_later()
    {
        var state = Path.Combine(Folder, "state");
        await using (var process = KadProcess.Start("crawl", "--via", _nodes[0].Address, "--rate", "1", "--resume", state, "--json"))
        {
            await Eventually.ReadAsync(
                () => Task.FromResult(File.Exists(state) ? new FileInfo(state).Length : 0), length => length > 80);
            await process.InterruptAsync();
            var json = JsonNode.Parse(await process.NextLineAsync())!;

            Assert.Equal(ExitCode.Failed, await process.ExitAsync());
            Assert.False((bool)json["finished"]!);
            Assert.Contains($"Continue with --resume {state}.", process.Error.Text, StringComparison.Ordinal);
        }

        Assert.Equal(3, (int)(await KadRun.DoneAsync("crawl", "--resume", state, "--json")).Json["nodes"]!);
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
            () => KadRun.RunAsync("size", "--via", _nodes[0].Address, "--lookups", "8"), text => text.Output.StartsWith('3'));
        Assert.Equal("3 nodes, ± 0 (standard error), by 8 lookups", text.Output.Trim());
    }

    [Fact]
    public Task Nobody_there_is_said_in_a_sentence() => KadRun.FailAsync(ExitCode.Unreachable, "No node answered.", "crawl", "--via", "127.0.0.1:9");
}
