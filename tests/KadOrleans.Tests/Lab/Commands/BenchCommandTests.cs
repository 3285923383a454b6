namespace KadOrleans.Tests.Lab;

public sealed class BenchCommandTests
{
    private const string Small = "bench --seconds 1 --warm-up 1 --contacts 30 --keys 100 --in-flight 8 --sources 50 --json";

    [Fact]
    public async Task A_node_of_its_own_answers_the_mix_from_a_full_table_and_with_all_keys()
    {
        var run = await RunAsync($"{Small} --op mix --baseline");

        Assert.Equal(("mix", 100), ((string)run["operation"]!, (int)run["keys"]!));
        var node = Assert.Single(run["targets"]!.AsArray())!;
        Assert.Equal(("self", 50), ((string)node["name"]!, (int)node["sources"]!));
        Assert.Equal((0, 0), ((long)node["lost"]!, (long)node["unexpected"]!));
        Assert.True((long)node["answers"]! > 0);
        Assert.True((double)node["latencyMilliseconds"]!["p99"]! > 0);
        Assert.True((double)node["cpuMicrosecondsPerAnswer"]! > 0);
        Assert.True((double)node["memory"]!["currentMegabytes"]! > 1);
        Assert.True((double)node["memory"]!["peakMegabytes"]! >= (double)node["memory"]!["currentMegabytes"]!);
        Assert.True((int)node["garbageCollections"]!["gen0"]! >= (int)node["garbageCollections"]!["gen2"]!);
        Assert.Equal(
            ["FindNode", "FindValue", "Ping", "Store"],
            node["requests"]!.AsArray().Select(request => (string)request!["kind"]!).Order());

        // 20 contacts with ids of 20 bytes: the table is full.
        Assert.True((int)node["requests"]!.AsArray().Single(r => (string)r!["kind"]! == "FindNode")!["answerBytes"]! > 20 * 20);
        Assert.Null(node["toFirst"]);
        Assert.All(["toEcho", "toBatchedEcho"], echo => Assert.True((double)node[echo]!["ratio"]! > 0));
        Assert.All(["echo", "batchedEcho"], echo => Assert.True((double)run[echo]!["answersPerSecond"]! > 0));
    }

    [Fact]
    public async Task Keys_that_are_stored_anew_come_beside_those_that_are_held()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        var run = await RunAsync(
            $"bench --seconds 1 --warm-up 1 --keys 50 --in-flight 4 --rate 200 --json --op store_new --target {node.Address}");

        Assert.True((bool)run["newKeys"]!);
        var target = run["targets"]![0]!;
        Assert.Equal(0, (long)target["unexpected"]!);
        Assert.True((int)(await node.StatusAsync())["keys"]! >= 50 + (long)target["answers"]!);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_cold_target_is_measured_from_its_first_second()
    {
        var target = (await RunAsync($"{Small.Replace("--seconds 1", "--seconds 2", StringComparison.Ordinal)} --op ping --cold"))["targets"]![0]!;

        var seconds = target["eachSecond"]!.AsArray().Select(count => (long)count!).ToList();
        Assert.Equal(2, seconds.Count);
        Assert.All(seconds, count => Assert.True(count > 0));
        Assert.True(seconds.Sum() <= (long)target["answers"]!);
    }

    [Fact]
    public async Task A_rate_is_not_exceeded()
    {
        var run = await RunAsync($"{Small} --op ping --rate 100");

        Assert.InRange((long)run["targets"]![0]!["answers"]! + (long)run["targets"]![0]!["lost"]!, 1, 101);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Another_node_gets_the_keys_first_and_makes_no_contact_of_who_asks()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        var run = await RunAsync($"bench --seconds 1 --warm-up 1 --keys 50 --in-flight 4 --json --op find_value --target {node.Address}");

        var target = run["targets"]![0]!;
        Assert.Equal(node.Address, (string)target["endpoint"]!);
        Assert.True((long)target["answers"]! > 0);
        Assert.Equal(0, (long)target["unexpected"]!);
        Assert.Null(target["memory"]);
        var status = await node.StatusAsync();
        Assert.Equal(50, (int)status["keys"]!);
        Assert.Equal(0, (int)status["contacts"]!);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Several_targets_take_turns_and_get_the_contacts_that_are_asked_for()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        var run = await RunAsync($"{Small} --op find_node --target self --target other={node.Address}");

        var targets = run["targets"]!.AsArray();
        Assert.Equal(["self", "other"], targets.Select(target => (string)target!["name"]!));
        Assert.All(targets, target => Assert.True((long)target!["answers"]! > 0));
        Assert.All(targets, target => Assert.Equal(0, (long)target!["unexpected"]!));
        Assert.True((double)targets[1]!["toFirst"]!["ratio"]! > 0);
        Assert.True((int)targets[1]!["requests"]![0]!["answerBytes"]! > 20 * 20);
        Assert.Null(run["echo"]);
        Assert.Equal(30, (int)(await node.StatusAsync())["contacts"]!);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_person_reads_a_row_for_each_target_and_the_ratios()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        await using var other = await NodeProcess.StartAsync("--in-memory");
        var run = await StartAsync(
            $"bench --seconds 1 --warm-up 1 --op ping --sources 2 --target one={node.Address} --target two={other.Address}");

        var rows = run.Output.TrimEnd().Split('\n').Select(row => row.Split('\t')).ToList();
        Assert.Equal(["ping", "answers/s", ": one"], rows[0][..3]);
        Assert.Equal(["one", "two"], rows[1..].Select(row => row[0]));
        Assert.Equal("-", rows[1][2]);
        Assert.True(double.Parse(rows[2][2], System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
    }

    [Fact]
    public async Task A_target_that_does_not_answer_is_reported()
    {
        var run = await StartAsync("bench --target 127.0.0.1:9");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("The target 127.0.0.1:9 does not answer.", run.Error.Trim());
    }

    private static async Task<JsonNode> RunAsync(string commandLine)
    {
        var run = await StartAsync(commandLine);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return run.Json;
    }

    private static Task<LabRun> StartAsync(string commandLine)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "kad-lab bench runs on Linux alone");
        return LabRun.RunAsync(commandLine.Split(' '));
    }
}
