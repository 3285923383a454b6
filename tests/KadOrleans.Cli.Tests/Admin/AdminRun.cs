using System.Text.Json.Nodes;
using KadOrleans.Cli.Tests.Running;

namespace KadOrleans.Cli.Tests.Admin;

/// <summary>One command of <c>kad admin</c>, run within the test, and what it left behind.</summary>
internal sealed record AdminRun(int ExitCode, string Output, string Error)
{
    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>The first line, with the headings of the table.</summary>
    public string[] Heads => Output.Split('\n')[0].Split('\t');

    /// <summary>The rows below the headings.</summary>
    public IReadOnlyList<string[]> Rows => [.. Output.TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split('\t'))];

    public static Task<AdminRun> RunAsync(params string[] args) => OnTerminalAsync(false, args);

    public static async Task<AdminRun> OnTerminalAsync(bool terminal, params string[] args)
    {
        var run = await KadRun.RunAsync([], terminal, ["admin", .. args]);
        return new AdminRun(run.ExitCode, run.Output, run.Error);
    }
}
