using System.Diagnostics;

namespace KadOrleans.Tests.Cli;

/// <summary>Arguments as bytes, which only a process has.</summary>
public sealed class ArgumentBytesTests(RunningNode node) : IClassFixture<RunningNode>
{
    [Theory]
    [InlineData(@"set '\377' one")]
    [InlineData(@"set key 'K\366ln'")]
    [InlineData(@"get '\376'")]
    [InlineData(@"set key --file '/tmp/\377'")]
    public async Task What_is_not_UTF_8_is_refused(string command)
    {
        var (code, output, error) = await RunAsync(command);

        Assert.Equal((ExitCode.WrongUsage, string.Empty), (code, output));
        Assert.Matches("^'[^\n]+' is not UTF-8 text, which each argument must be; [^\n]+$", error);
    }

    [Fact]
    public async Task The_replacement_character_itself_is_a_key_as_any()
    {
        Assert.Equal(ExitCode.Done, (await RunAsync(@"set '\357\277\275' replaced")).Code);
        Assert.Equal((ExitCode.Done, "replaced"), await RunAsync(@"get '\357\277\275'") is var run ? (run.Code, run.Output) : default);
    }

    // The octal escapes are those of printf.
    private async Task<(int Code, string Output, string Error)> RunAsync(string command)
    {
        var words = string.Join(' ', command.Split(' ').Select(word => $"\"$(printf %b {word.Replace(@"\", @"\0", StringComparison.Ordinal)})\""));
        var script = $"exec dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} {words} --via {node.Address}";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));
        var code = await process.FinishAsync();
        while (await process.ReadLineAsync() is not null)
        {
            // To the end.
        }

        return (code, process.Output.Text, process.Error.Text);
    }
}
