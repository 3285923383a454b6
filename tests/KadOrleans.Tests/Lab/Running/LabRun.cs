using KadOrleans.Cli;

namespace KadOrleans.Tests.Lab;

/// <summary>One command, run within the test, and what it left behind.</summary>
internal sealed record LabRun(int ExitCode, string Output, string Error)
{
    // A command that hangs must fail its test, not the suite.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public JsonNode Json => JsonNode.Parse(Output)!;

    public static async Task<LabRun> RunAsync(params string[] args)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        using var io = new CommandIo(() => Stream.Null, output, TextWriter.Synchronized(error));
        using var deadline = new CancellationTokenSource(Longest);
        var exitCode = await LabCommand.RunAsync(args, io, deadline.Token);
        Assert.False(deadline.IsCancellationRequested, $"kad-lab {string.Join(' ', args)} did not end: {error}");
        return new LabRun(exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
