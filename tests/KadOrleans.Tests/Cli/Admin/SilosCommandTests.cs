using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KadOrleans.Tests.Cli;

/// <summary>What <c>kad admin silos</c> and <c>shards find</c> print of a cluster, whose API is a list of responses here.</summary>
public sealed class SilosCommandTests : IAsyncLifetime
{
    private const string Ready =
        """{"address":"S192.0.2.1:11111:7","name":"silo-1","state":"Active","isReady":true,"reason":null,"version":"1.2.3","clockDifference":0,"startedAt":"2026-11-01T00:00:00+00:00","lastHeard":"2026-11-01T01:00:00+00:00","hasEdgeDirectory":true}""";

    private const string Slow =
        """{"address":"S192.0.2.2:11111:8","name":"silo-2","state":"Active","isReady":true,"reason":"Grain storage takes more than 1 s for a read.","version":"1.2.3","clockDifference":0.25,"startedAt":null,"lastHeard":null,"hasEdgeDirectory":false}""";

    private const string Skewed =
        """{"address":"S192.0.2.3:11111:9","name":"\u001b[2J","state":"Active","isReady":false,"reason":"clock skew","version":"1.2.3","clockDifference":-20.125,"startedAt":null,"lastHeard":null,"hasEdgeDirectory":false}""";

    private const string Dead =
        """{"address":"S192.0.2.4:11111:6","name":null,"state":"Dead","isReady":false,"reason":null,"version":null,"clockDifference":null,"startedAt":null,"lastHeard":null,"hasEdgeDirectory":false}""";

    private readonly Dictionary<string, string> _responses = [];

    private FakeServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FakeServer.StartAsync(pages => pages.MapGet(
        "/v1/admin/{**rest}",
        (HttpContext context) => Results.Text(_responses[context.Request.Path.Value + context.Request.QueryString.Value], "application/json")));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Silos_are_a_row_each_with_what_is_wrong_in_words()
    {
        _responses["/v1/admin/silos"] = $$"""{"silos":[{{Ready}},{{Slow}},{{Skewed}},{{Dead}}]}""";

        var run = await _server.RunAsync("silos");

        Assert.Equal(
            """
            silo	state	ready	clock	version	started	last heard	holds
            S192.0.2.1:11111:7	Active	ready	0 s	1.2.3	2026-11-01T00:00:00+00:00	2026-11-01T01:00:00+00:00	edge directory
            S192.0.2.2:11111:8	Active	ready: Grain storage takes more than 1 s for a read.	0.250 s behind	1.2.3			
            S192.0.2.3:11111:9	Active	no: clock skew	20.125 s ahead	1.2.3			
            S192.0.2.4:11111:6	Dead	no					

            """.ReplaceLineEndings("\n"),
            run.Output);
        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal(4, (await _server.RunAsync("silos", "--json")).Json["silos"]!.AsArray().Count);

        _responses["/v1/admin/silos"] = $$"""{"silos":[{{Skewed}}]}""";

        Assert.Equal("No silo that responds has the edge directory.\n", (await _server.RunAsync("silos")).Error);
    }

    [Theory]
    [InlineData("""{"number":5,"name":"shard 0005","silos":["S192.0.2.1:11111:7"],"missing":[]}""", "Shard 5 (in logs shard 0005) is active on S192.0.2.1:11111:7.\n", "")]
    [InlineData(
        """{"number":5,"name":"shard 0005","silos":[],"missing":["S192.0.2.2:11111:6"]}""",
        "Shard 5 (in logs shard 0005) is not active.\n",
        "These silos do not respond, so it may be active there: S192.0.2.2:11111:6.\n")]
    public async Task A_shard_is_found_by_its_number_or_by_a_key(string response, string output, string note)
    {
        _responses["/v1/admin/shards/5"] = _responses["/v1/admin/keys/a%2Fb/shard"] = response;
        _responses["/v1/admin/keys/356a192b7913b04c54574d18c28d46e6395428ab/shard?as=digest"] = response;

        foreach (var args in new[] { "--number 5", "a/b", "--digest 356a192b7913b04c54574d18c28d46e6395428ab" })
        {
            var run = await _server.RunAsync(["shards", "find", .. args.Split(' ')]);
            Assert.Equal((ExitCode.Done, output, note), (run.ExitCode, run.Output, run.Error));
        }
    }

    [Theory]
    [InlineData("Both a key and --number '5' are given; one of them is needed.\n", "key", "--number", "5")]
    [InlineData("No shard is given; KEY, --digest HEX or --number N is needed.\n")]
    public async Task One_of_a_key_and_a_number_is_needed(string sentence, params string[] args)
    {
        var run = await _server.RunAsync(["shards", "find", .. args]);
        Assert.Equal((ExitCode.WrongUsage, sentence), (run.ExitCode, run.Error));
    }
}
