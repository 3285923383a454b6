namespace KadOrleans.Tests.Lab;

public sealed class SimulateCommandTests
{
    private const string Everything =
        "simulate --nodes 20 --lookups 10 --hours 0.5 --churn 30 --values 5 --liars 5 --dead 5 --loss 2 --latency 20 --json";

    [Fact]
    public async Task Two_processes_print_the_same_bytes_for_the_same_seed_and_others_for_another()
    {
        var outputs = new List<string>();
        foreach (var seed in new[] { "7", "7", "8" })
        {
            await using var process = ChildProcess.Start(LabCommand.Name, Environment.CurrentDirectory, [.. Everything.Split(' '), "--seed", seed]);
            outputs.Add((await process.NextLineAsync()).Replace($"\"seed\":{seed}", "", StringComparison.Ordinal));
            Assert.Equal(ExitCode.Done, await process.ExitAsync());
        }

        Assert.Equal(outputs[0], outputs[1]);
        Assert.NotEqual(outputs[0], outputs[2]);
    }

    [Fact]
    public async Task Json_has_what_was_asked_for_and_what_came_of_it()
    {
        var run = await RunAsync("simulate --nodes 30 --lookups 10 --values 4 --loss 1 --latency 5-15 --json");

        var settings = run.Json["settings"]!;
        Assert.Equal(30, (int)settings["nodes"]!);
        Assert.Equal(0.01, (double)settings["loss"]!);
        Assert.Equal(0.005, (double)settings["minLatencySeconds"]!);
        Assert.Equal(0.015, (double)settings["maxLatencySeconds"]!);
        Assert.Equal(10, (int)run.Json["lookups"]!["count"]!);
        Assert.Equal(1, (double)run.Json["lookups"]!["success"]!);
        Assert.Equal(4, (int)run.Json["values"]!["set"]!);
        Assert.Equal(0, (int)run.Json["values"]!["lost"]!);
        Assert.InRange((int)run.Json["values"]!["fewestHolders"]!, 18, 20);
        Assert.InRange((double)run.Json["size"]!["nodes"]!, 15, 60);
        Assert.True((double)run.Json["tables"]!["contacts"]!["mean"]! > 15);
        Assert.True((long)run.Json["traffic"]!["findNode"]!["requests"]! > 0);
        Assert.Single(run.Output.Trim().Split('\n'));
    }

    [Fact]
    public async Task The_text_names_each_measure()
    {
        var run = await RunAsync("simulate --nodes 30 --lookups 10 --values 4");

        Assert.All(
            ["30 honest nodes", "Lookups: 10; the nearest node found in 100.00%", "hops\t", "requests\t", "seconds\t", "Size by the last 10 of them: ", "Values: 4 set, 4 looks, 0 did not find a living value; 0 lost.", "Holders of a living value: ", "Lives over: 0", "Republished by holders: 0", "Tables (30 looked at)", "FindNode\t", "All\t"],
            words => Assert.Contains(words, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("Lookups:", (await RunAsync("simulate --nodes 5 --lookups 0")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintenance_is_as_seldom_as_asked_for()
    {
        var run = await RunAsync(
            "simulate --nodes 20 --lookups 0 --hours 3 --values 6 --refresh-interval 24 --walk-interval 0 --look-interval 0.5 --json");

        var settings = run.Json["settings"]!;
        Assert.Equal(24, (double)settings["refreshIntervalHours"]!);
        Assert.Equal(0, (double)settings["walkIntervalSeconds"]!);
        Assert.Equal(0.5, (double)settings["lookIntervalHours"]!);

        // Set after 0.5, 1, 1.5 hours and so on, and looked at as often from then on.
        Assert.InRange((int)run.Json["values"]!["looks"]!, 16, 21);
        Assert.True((int)run.Json["values"]!["republished"]! > 0);
    }

    private static async Task<LabRun> RunAsync(string commandLine)
    {
        var run = await LabRun.RunAsync(commandLine.Split(' '));
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return run;
    }
}
