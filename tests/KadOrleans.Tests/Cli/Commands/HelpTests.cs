using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

public sealed class HelpTests
{
    public static TheoryData<string> Commands => [.. Names(Root(), string.Empty)];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_help_has_at_least_two_examples_and_the_exit_codes(string command)
    {
        var run = await KadRun.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        Assert.Contains("3 no response", run.Output, StringComparison.Ordinal);
        var examples = run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..];
        Assert.True(examples.Split('\n').Count(line => line.Contains($"kad {command}".Trim(), StringComparison.Ordinal)) >= 2, examples);
    }

    [Theory]
    [InlineData("cluster")]
    [InlineData("admin")]
    public async Task The_commands_over_HTTP_are_a_group_with_two_names(string group) =>
        Assert.Contains("Count the keys and bytes", (await KadRun.RunAsync(group, "usage", "--help")).Output, StringComparison.Ordinal);

    [Fact]
    public async Task The_former_name_runs_the_group()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It is a shell script.");
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "kad-cluster"), ["usage", "--help"])
        {
            RedirectStandardOutput = true,
        })!;

        Assert.Contains("kad admin usage --data", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
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

    private static ProgramCommand Root() => KadCommand.Create(new CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null));

    private static IEnumerable<string> Names(Command command, string path) =>
        command.Subcommands.SelectMany(sub => Names(sub, $"{path} {sub.Name}".Trim())).Prepend(path);
}
