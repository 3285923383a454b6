using System.Text;
using KadOrleans.Cli;

namespace KadOrleans.Cluster.Tests.SiloRole;

// The outcome of a command line that ends by itself. It runs in the test's process, as one of its own takes seconds.
internal sealed record EndedRun(int Code, string Output, string Errors)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    public IReadOnlyList<string> Lines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A silo with its data in a folder, on free ports unless the settings say otherwise.</summary>
    public static Task<EndedRun> OfSiloAsync(string folder, params string[] settings) => OfSiloAsync(folder, use: null, settings);

    /// <summary>The same, with providers.</summary>
    public static Task<EndedRun> OfSiloAsync(string folder, Action<KadProviders>? use, params string[] settings) => OfServerAsync(
        [.. HostedSilo.OnFreePorts, $"Kad:Data={Path.Combine(folder, "kad-cluster-data")}", .. settings], use);

    public static Task<EndedRun> OfEdgeAsync(params string[] args) => OfServerAsync(["Kad:Role=Edge", .. args], use: null);

    /// <summary>What a command of <c>kad</c> that succeeds writes.</summary>
    public static async Task<string> OutputOfKadAsync(params string[] args)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        using var io = new CommandIo(() => Stream.Null, output, error);
        Assert.True(await KadCommand.RunAsync(args, io) == ExitCode.Done, error.ToString());
        return Encoding.UTF8.GetString(output.ToArray()).Trim();
    }

    private static async Task<EndedRun> OfServerAsync(string[] args, Action<KadProviders>? use)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await KadServer.RunAsync(args, new KadProviders(use), TextWriter.Synchronized(output), TextWriter.Synchronized(error)).WaitAsync(Longest);
        return new EndedRun(code, output.ToString(), error.ToString());
    }
}
