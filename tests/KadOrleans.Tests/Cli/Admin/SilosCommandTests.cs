using KadOrleans.Tests.Http;

namespace KadOrleans.Tests.Cli;

/// <summary>What <c>kad admin silos</c> and <c>shards find</c> print of a cluster.</summary>
public sealed class SilosCommandTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly SiloDetails Skewed = new(
        "S192.0.2.3:11111:9", "\u001b[2J", "Active", null, null, TimeSpan.FromSeconds(-20.125), "1.2.3", false, "clock skew", false);

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task Silos_are_a_row_each_with_what_is_wrong_in_words()
    {
        _api.Admin.Silos =
        [
            new("S192.0.2.1:11111:7", "silo-1", "Active", FakeAdmin.StoredAt, FakeAdmin.StoredAt, TimeSpan.Zero, "1.2.3", true, null, true)
            {
                Node = "node-1", Shards = 16, ResidentBytes = 300L << 20,
            },
            new("S192.0.2.2:11111:8", "silo-2", "Active", null, null, TimeSpan.FromSeconds(0.25), "1.2.3", true, "Grain storage takes more "
                + "than 1 s for a read.", false) { Node = "node-2" },
            Skewed with { Node = "node-1" },
            new("S192.0.2.4:11111:6", null, "Dead", null, null, null, null, false, null, false) { Node = "node-2" },
            new("S192.0.2.4:11111:5", null, "Dead", null, null, null, null, false, null, false) { End = SiloEnd.Stopped },
            new("S192.0.2.4:11111:4", null, "Dead", null, null, null, null, false, null, false) { End = SiloEnd.DeclaredDead },
            new("S192.0.2.4:11111:3", null, "Dead", null, null, null, null, false, null, false) { End = SiloEnd.DeclaredDead, EndedAt = FakeAdmin.StoredAt, IsLost = true },
        ];

        var run = await _api.RunAsync("silos");

        Assert.Equal(
            """
            silo	state	ready	shards	memory	clock	version	node	started	last heard	ended	holds
            S192.0.2.1:11111:7	Active	ready	16	300 MiB	0 s	1.2.3	node-1	AGO	AGO		edge directory
            S192.0.2.2:11111:8	Active	ready: Grain storage takes more than 1 s for a read.			0.250 s behind	1.2.3	node-2				
            S192.0.2.3:11111:9	Active	no: clock skew			20.125 s ahead	1.2.3	node-1				
            S192.0.2.4:11111:6	dead						node-2				
            S192.0.2.4:11111:5	stopped										
            S192.0.2.4:11111:4	declared dead										
            S192.0.2.4:11111:3	declared dead, missing									AGO	

            """.ReplaceLineEndings("\n"),
            Regex.Replace(run.Output, "[0-9]+ (s|min|h|days) ago", "AGO"));
        Assert.Equal((ExitCode.Done, "Declared dead, and no silo has started in its place: S192.0.2.4:11111:3.\n2 silos share the node node-1: if it is lost, so are they at once.\n"), (run.ExitCode, run.Error));

        _api.Admin.Silos = [Skewed];

        Assert.Equal("No silo that responds has the edge directory.\n", (await _api.RunAsync("silos")).Error);
    }

    [Theory]
    [InlineData("a/b", "a/b", "active on S192.0.2.1:11111:7", "These silos do not respond, so it may be active there: S192.0.2.2:11111:6.\n")]
    [InlineData("--digest 356a192b7913b04c54574d18c28d46e6395428ab", null, "active on S192.0.2.1:11111:7", "These silos do not respond, so it may be active there: S192.0.2.2:11111:6.\n")]
    [InlineData("--number 5", null, "not active", "")]
    public async Task A_shard_is_found_by_its_number_or_by_a_key(string typed, string? key, string state, string note)
    {
        var run = await _api.RunAsync(["shards", "find", .. typed.Split(' ')]);

        Assert.Equal((ExitCode.Done, $"Shard 5 is {state}.\n", note), (run.ExitCode, run.Output, run.Error));
        Assert.EndsWith(key is null ? typed.Split(' ')[1] : $"{NodeId.FromKey(key)}", Assert.Single(_api.Admin.Calls), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Both a key and --number '5' are given; one of them is needed.\n", "key", "--number", "5")]
    [InlineData("No shard is given; KEY, --digest HEX or --number N is needed.\n")]
    public async Task One_of_a_key_and_a_number_is_needed(string sentence, params string[] args)
    {
        var run = await _api.RunAsync(["shards", "find", .. args]);
        Assert.Equal((ExitCode.WrongUsage, sentence), (run.ExitCode, run.Error));
    }
}
