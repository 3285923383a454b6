using System.Text.Json.Nodes;
using KadOrleans.Cli.Tests.Running;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Cli.Tests.Commands;

public sealed class HelpTests
{
    [Theory]
    [InlineData()]
    [InlineData("node")]
    [InlineData("set")]
    [InlineData("get")]
    [InlineData("ping")]
    [InlineData("stun")]
    [InlineData("find-node")]
    [InlineData("crawl")]
    [InlineData("size")]
    [InlineData("state")]
    [InlineData("state", "export")]
    [InlineData("state", "import")]
    public async Task Every_help_has_at_least_two_examples(params string[] command)
    {
        var run = await KadRun.RunAsync([.. command, "--help"]);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.Contains("3 no response", run.Output, StringComparison.Ordinal);
        var examples = run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..];
        Assert.True(examples.Split('\n').Count(line => line.Contains("kad " + string.Join(' ', command), StringComparison.Ordinal)) >= 2);
    }

    [Fact]
    public async Task The_version_is_printed_by_the_built_command()
    {
        await using var process = KadProcess.Start("--version");

        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", await process.NextLineAsync());
        Assert.Equal(ExitCode.Done, await process.ExitAsync());
    }

    [Fact]
    public void The_command_needs_no_Orleans_assembly()
    {
        var dependencies = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "kad.deps.json")))!;
        var names = dependencies["libraries"]!.AsObject().Select(library => library.Key).ToList();

        Assert.Contains(names, name => name.StartsWith("KadOrleans.Node/", StringComparison.Ordinal));
        Assert.DoesNotContain(names, name => name.StartsWith("Microsoft.Orleans", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(names, name => name.StartsWith("Orleans", StringComparison.OrdinalIgnoreCase));
    }
}
