namespace KadOrleans.Tests.Lab;

public sealed class UpkeepCommandTests
{
    private const string Small = "upkeep --nodes 40 --values 30 --hours 1.2 --dead 10 --churn 40 --json";

    [Fact]
    public async Task Two_processes_print_the_same_figures_for_the_same_seed_and_others_for_another()
    {
        var outputs = new List<string>();
        foreach (var seed in new[] { "7", "7", "8" })
        {
            await using var process = ChildProcess.Start(LabCommand.Name, Environment.CurrentDirectory, [.. Small.Split(' '), "--seed", seed]);
            var json = JsonNode.Parse(await process.NextLineAsync())!.AsObject();
            Assert.Equal(ExitCode.Done, await process.ExitAsync());
            Assert.All(["processorSeconds", "wallSeconds", "gigabytes", "seed"], name => Assert.True(json.Remove(name)));
            outputs.Add(json.ToJsonString());
        }

        Assert.Equal(outputs[0], outputs[1]);
        Assert.NotEqual(outputs[0], outputs[2]);
    }

    [Fact]
    public async Task Held_values_stay_on_their_nearest_nodes_and_one_of_those_sends_in_an_hour()
    {
        var run = await RunAsync("upkeep --nodes 100 --values 200 --spread 0 --json");

        Assert.Equal(100, (int)run["liveNodes"]!);
        Assert.InRange((int)run["sent"]!, 600, 630);
        Assert.InRange((int)run["sentByCounter"]!, (int)run["sent"]! - 5, (int)run["sent"]!);
        Assert.InRange((double)run["storesPerRepublish"]!, 19.5, 20.1);
        Assert.InRange((double)run["storesPerValueAndHour"]!, 19.5, 21);
        Assert.Equal(3, run["storesPerValueByHour"]!.AsArray().Count);
        Assert.InRange((double)run["heldByTrueNearest"]!["mean"]!, 0.99, 1);
        Assert.Equal(12, run["heldByTrueNearest"]!["eachQuarter"]!.AsArray().Count);
        Assert.Equal(0, (int)run["lost"]!);
        Assert.InRange((double)run["lateness"]!["mean"]!, 10, 600);

        var kinds = run["datagramsByKind"]!.AsObject();
        Assert.Equal((long)run["datagrams"]!, kinds.Sum(kind => (long)kind.Value!));
        Assert.InRange((double)run["datagramsPerStore"]!, 1, 10);
        Assert.Equal((double)run["lookups"]! / (double)run["sent"]!, (double)run["lookupsPerValue"]!, 5);
    }

    [Fact]
    public async Task Own_publications_are_all_sent_and_the_run_ends()
    {
        var run = await RunAsync("upkeep --nodes 60 --values 100 --own --json");

        Assert.InRange((double)run["simulatedSeconds"]!, 60, 1_800);
        Assert.Equal((100, 0), ((int)run["sent"]!, (int)run["lost"]!));
        Assert.InRange((double)run["heldByTrueNearest"]!["end"]!, 0.99, 1);
        Assert.True((double)run["valuesPerSecond"]!["untilAllSent"]! > 0.5);
        Assert.True((long)run["datagramsByKind"]!["findValue"]! > 0);
        Assert.Null(run["storesPerValueAndHour"]);
    }

    [Fact]
    public async Task What_one_node_alone_holds_it_sends_to_all_of_the_nearest()
    {
        var run = await RunAsync("upkeep --nodes 60 --values 300 --alone --json");

        Assert.Equal((300, 0, 0), ((int)run["sent"]!, (int)run["sentAgain"]!, (int)run["lost"]!));
        Assert.InRange((double)run["heldByTrueNearest"]!["end"]!, 0.99, 1);
        Assert.True((double)run["valuesPerSecond"]!["untilAllSent"]! > 0.5);
    }

    [Theory]
    [InlineData("--own --alone", "leave one of them out")]
    [InlineData("--own --spread 5", "--spread is '5', but with --own")]
    [InlineData("--alone --spread 5", "--spread is '5', but with --alone")]
    public async Task Options_that_exclude_each_other_are_named(string options, string words)
    {
        var run = await LabRun.RunAsync([.. $"upkeep --nodes 30 --values 10 {options}".Split(' ')]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newcomers_get_what_they_are_to_hold_and_their_joins_are_no_upkeep()
    {
        var run = await RunAsync("upkeep --nodes 60 --values 50 --churn 100 --hours 1 --json");

        Assert.True((long)run["handOffStores"]! > 0);
        Assert.True((long)run["datagramsLeftOut"]! > 0);
        Assert.Equal((60, 0), ((int)run["liveNodes"]!, (int)run["lost"]!));
    }

    [Fact]
    public async Task Without_values_hardly_anything_is_sent()
    {
        var run = await RunAsync("upkeep --nodes 30 --values 0 --hours 1 --json");

        Assert.Equal((0, 0), ((int)run["sent"]!, (int)run["lookups"]!));
        Assert.Null(run["lookupsPerValue"]);
        Assert.InRange((long)run["datagrams"]!, 0, 100);
    }

    [Fact]
    public async Task The_text_names_each_measure()
    {
        var run = await LabRun.RunAsync([.. "upkeep --nodes 30 --values 10 --hours 1".Split(' ')]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.All(
            ["nodes\t", "values\t", "values sent\t", "lookups\t", "STOREs\t", "datagrams\t", "true k nearest that hold it\t", "values lost\t", "lateness\t", "processor\t"],
            words => Assert.Contains(words, run.Output, StringComparison.Ordinal));
    }

    private static async Task<JsonNode> RunAsync(string commandLine)
    {
        var run = await LabRun.RunAsync(commandLine.Split(' '));
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return run.Json;
    }
}
