using System.Text;
using KadOrleans.Cli;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// The exit code and output of a silo's or an edge's command line that ends by itself. It runs in the test's process, as a process of its
/// own takes seconds, mostly to compile itself.
/// </summary>
internal sealed record EndedRun(int Code, string Output, string Errors)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    /// <summary>All lines of the errors.</summary>
    public IReadOnlyList<string> Lines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A silo with its data in a folder, on free ports unless the settings say otherwise.</summary>
    public static Task<EndedRun> OfSiloAsync(string folder, params string[] settings) => OfServerAsync(
        [
            "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Listen=127.0.0.1:0",
            $"Kad:Data={Path.Combine(folder, "kad-cluster-data")}", .. settings,
        ]);

    /// <summary>An edge.</summary>
    public static Task<EndedRun> OfEdgeAsync(params string[] args) => OfServerAsync(["Kad:Role=Edge", .. args]);

    /// <summary>A command of <c>kad</c>.</summary>
    public static Task<EndedRun> OfKadAsync(params string[] args) => OfAsync(async (output, error) =>
    {
        using var bytes = new MemoryStream();
        using var io = new CommandIo(() => Stream.Null, bytes, error);
        var code = await KadCommand.RunAsync(args, io);
        await output.WriteAsync(Encoding.UTF8.GetString(bytes.ToArray()));
        return code;
    });

    private static Task<EndedRun> OfServerAsync(string[] args) =>
        OfAsync((output, error) => KadServer.RunAsync(args, new KadProviders(), output, error));

    private static async Task<EndedRun> OfAsync(Func<TextWriter, TextWriter, Task<int>> run)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await run(TextWriter.Synchronized(output), TextWriter.Synchronized(error)).WaitAsync(Longest);
        return new EndedRun(code, output.ToString(), error.ToString());
    }
}
