using System.CommandLine;
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

    [Fact]
    public async Task The_version_is_printed_by_the_built_command()
    {
        await using var process = KadProcess.Start("--version");

        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", await process.NextLineAsync());
        Assert.Equal(ExitCode.Done, await process.ExitAsync());
    }

    private static ProgramCommand Root() => KadCommand.Create(new CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null));

    private static IEnumerable<string> Names(Command command, string path) =>
        command.Subcommands.SelectMany(sub => Names(sub, $"{path} {sub.Name}".Trim())).Prepend(path);
}
