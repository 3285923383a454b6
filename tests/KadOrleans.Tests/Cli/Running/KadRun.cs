using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

/// <summary>One command, run within the test, and what it left behind.</summary>
internal sealed record KadRun(int ExitCode, byte[] OutputBytes, string Error)
{
    // A command that hangs must fail its test, not the suite.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public string Output => Encoding.UTF8.GetString(OutputBytes);

    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>The first line, with the headings of the table.</summary>
    public string[] Heads => Output.Split('\n')[0].Split('\t');

    /// <summary>The rows below the headings.</summary>
    public IReadOnlyList<string[]> Rows => [.. Output.TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split('\t'))];

    public static Task<KadRun> RunAsync(params string[] args) => RunAsync([], false, args);

    public static async Task<KadRun> RunAsync(byte[] input, bool terminal, string[] args)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        using var io = new CommandIo(() => new MemoryStream(input), output, TextWriter.Synchronized(error)) { IsOutputTerminal = terminal };
        using var deadline = new CancellationTokenSource(Longest);
        var exitCode = await KadCommand.RunAsync(args, io, deadline.Token);
        Assert.False(deadline.IsCancellationRequested, $"kad {string.Join(' ', args)} did not end: {error}");
        return new KadRun(exitCode, output.ToArray(), error.ToString());
    }

    /// <summary>Makes a named pipe, and reads from it to its end.</summary>
    public static Task<string> ReadPipe(string path)
    {
        using var make = System.Diagnostics.Process.Start("mkfifo", [path]);
        make.WaitForExit();
        return Task.Run(() => File.ReadAllText(path), TestContext.Current.CancellationToken);
    }

    /// <summary>Runs a command that must be done.</summary>
    public static async Task<KadRun> DoneAsync(params string[] args)
    {
        var run = await RunAsync(args);
        Assert.True(run.ExitCode == KadOrleans.Http.ExitCode.Done, run.Error);
        return run;
    }

    /// <summary>Runs a command that must fail with this sentence alone on the standard error output.</summary>
    public static async Task<KadRun> FailAsync(int exitCode, string sentence, params string[] args)
    {
        var run = await RunAsync(args);
        Assert.Equal((exitCode, sentence), (run.ExitCode, run.Error.Trim()));
        return run;
    }

    /// <summary>Runs a command that must fail with a sentence that begins so, and with nothing else.</summary>
    public static async Task RefusedAsync(string beginning, params string[] args)
    {
        var run = await RunAsync(args);
        Assert.Equal((KadOrleans.Http.ExitCode.WrongUsage, string.Empty), (run.ExitCode, run.Output));
        Assert.StartsWith(beginning, Assert.Single(run.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }
}
