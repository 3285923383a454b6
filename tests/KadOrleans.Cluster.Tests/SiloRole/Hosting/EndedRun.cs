using System.Text;
using KadOrleans.Cli;

namespace KadOrleans.Cluster.Tests.SiloRole;

// The outcome of a command line that ends by itself. It runs in the test's process, as one of its own takes seconds.
internal sealed record EndedRun(int Code, string Output, string Errors)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    public IReadOnlyList<string> Lines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A silo with its data in a folder, on free ports unless the settings say otherwise.</summary>
    public static Task<EndedRun> OfSiloAsync(string folder, params string[] settings) => OfSiloAsync(folder, new KadProviders(), settings);

    /// <summary>The same, with other providers.</summary>
    public static Task<EndedRun> OfSiloAsync(string folder, KadProviders providers, params string[] settings) => OfServerAsync(
        [.. HostedSilo.OnFreePorts, $"Kad:Data={Path.Combine(folder, "kad-cluster-data")}", .. settings], providers);

    public static Task<EndedRun> OfEdgeAsync(params string[] args) => OfServerAsync(["Kad:Role=Edge", .. args], new KadProviders());

    /// <summary>What a command of <c>kad</c> that succeeds writes.</summary>
    public static async Task<string> OutputOfKadAsync(params string[] args)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        using var io = new CommandIo(() => Stream.Null, output, error);
        Assert.True(await KadCommand.RunAsync(args, io) == ExitCode.Done, error.ToString());
        return Encoding.UTF8.GetString(output.ToArray()).Trim();
    }

    private static async Task<EndedRun> OfServerAsync(string[] args, KadProviders providers)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await KadServer.RunAsync(args, providers, TextWriter.Synchronized(output), TextWriter.Synchronized(error)).WaitAsync(Longest);
        return new EndedRun(code, output.ToString(), error.ToString());
    }
}
