using System.Text;
using System.Text.Json.Nodes;

namespace KadOrleans.Cli.Tests.Running;

/// <summary>One command, run within the test, and what it left behind.</summary>
internal sealed record KadRun(int ExitCode, byte[] OutputBytes, string Error)
{
    // A command that hangs must fail its test, not the suite.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public string Output => Encoding.UTF8.GetString(OutputBytes);

    public JsonNode Json => JsonNode.Parse(Output)!;

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
}
