using System.Text;
using System.Text.Json.Nodes;
using KadOrleans.ClusterCli;

namespace KadOrleans.Cli.Tests.Cluster;

/// <summary>One command of <c>kad-cluster</c>, run within the test, and what it left behind.</summary>
internal sealed record ClusterRun(int ExitCode, string Output, string Error)
{
    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>The first line, with the headings of the table.</summary>
    public string[] Heads => Output.Split('\n')[0].Split('\t');

    /// <summary>The rows below the headings.</summary>
    public IReadOnlyList<string[]> Rows => [.. Output.TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split('\t'))];

    public static async Task<ClusterRun> RunAsync(params string[] args)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        using var io = new CommandIo(() => Stream.Null, output, TextWriter.Synchronized(error));
        var exitCode = await ClusterCommand.Create(io).RunAsync(args, io, TestContext.Current.CancellationToken);
        return new ClusterRun(exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
