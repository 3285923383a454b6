using System.Text.Json.Nodes;
using KadOrleans.Cli.Tests.Running;

namespace KadOrleans.Cli.Tests.Commands;

public sealed class BenchCommandTests
{
    private const string Small = "bench --seconds 1 --contacts 30 --keys 100 --in-flight 8 --sources 4 --json";

    [Fact]
    public async Task A_node_of_its_own_answers_the_mix_from_a_full_table_and_with_all_keys()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var run = await RunAsync($"{Small} --op mix --baseline");

        Assert.Equal("mix", (string)run["operation"]!);
        Assert.Equal(0, (long)run["lost"]!);
        Assert.Equal(0, (long)run["unexpected"]!);
        Assert.True((long)run["answers"]! > 0);
        Assert.True((double)run["latencyMilliseconds"]!["p99"]! > 0);
        Assert.True((double)run["cpuMicrosecondsPerAnswer"]! > 0);
        Assert.True((double)run["memory"]!["currentMegabytes"]! > 1);
        Assert.True((double)run["memory"]!["peakMegabytes"]! >= (double)run["memory"]!["currentMegabytes"]!);
        Assert.True((int)run["garbageCollections"]!["gen0"]! >= (int)run["garbageCollections"]!["gen2"]!);
        Assert.Equal(
            ["FindNode", "FindValue", "Ping", "Store"],
            run["requests"]!.AsArray().Select(request => (string)request!["kind"]!).Order());

        // 20 contacts with ids of 20 bytes: the table is full.
        Assert.True((int)run["requests"]!.AsArray().Single(r => (string)r!["kind"]! == "FindNode")!["answerBytes"]! > 20 * 20);
        Assert.All(["echo", "batchedEcho"], echo => Assert.True((double)run[echo]!["ratio"]! > 0));
    }

    [Fact]
    public async Task A_rate_is_kept()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var run = await RunAsync($"{Small} --op ping --rate 100");

        Assert.InRange((long)run["answers"]! + (long)run["lost"]!, 50, 101);
    }

    [Fact]
    public async Task Another_node_gets_the_keys_first_and_makes_no_contact_of_who_asks()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var node = await NodeProcess.StartAsync("--in-memory");
        var run = await RunAsync($"bench --seconds 1 --keys 50 --in-flight 4 --json --op find_value --target {node.Address}");

        Assert.Equal(node.Address, (string)run["target"]!);
        Assert.True((long)run["answers"]! > 0);
        Assert.Equal(0, (long)run["unexpected"]!);
        var status = await node.StatusAsync();
        Assert.Equal(50, (int)status["keys"]!);
        Assert.Equal(0, (int)status["contacts"]!);
    }

    [Fact]
    public async Task A_target_that_does_not_answer_is_said_to()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var run = await KadRun.RunAsync("bench", "--target", "127.0.0.1:9");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("The target does not answer.", run.Error.Trim());
    }

    private static async Task<JsonNode> RunAsync(string commandLine)
    {
        var run = await KadRun.RunAsync(commandLine.Split(' '));
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return run.Json;
    }
}
