using KadOrleans.Edge.Hosting;
using KadOrleans.Hosting;
using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Edge;

/// <summary>The command line of an edge.</summary>
internal static class EdgeCommand
{
    private const string Help = """
        An edge of a cluster: a node of a Kademlia network that keeps nothing itself. It serves until told to stop.

        The settings most used:

          Kad:Storage=Local|AdoNet|AzureStorage      how the silos are found
          Kad:Cluster:Gateway=127.0.0.1:30000        gateways of silos, with Local
          Kad:PostgreSql:ConnectionString=...        with AdoNet
          Kad:Edge:Name=... Kad:Edge:Listen=...      docs/settings.md has the rest

        Example:
          KadOrleans.Edge Kad:Edge:Name=a Kad:Edge:Listen=0.0.0.0:8468 Kad:Cluster:Gateway=10.0.0.4:30000
        """;

    // Commands of the release before, which kad has now.
    private static readonly Dictionary<string, string> Moved = new() { ["export"] = "export FILE", ["import"] = "import FILE", ["shards"] = "shards" };

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments after the executable's name.</param>
    /// <param name="providers">What it can use.</param>
    /// <param name="output">Gets one line for each id that listens.</param>
    /// <param name="error">Gets the log, and one sentence for each mistake. Must be safe to use from several threads.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, KadProviders providers, TextWriter output, TextWriter error)
    {
        if (SettingsCommand.FindWord(args) is { } word && Moved.TryGetValue(word, out var usage))
        {
            await error.WriteLineAsync($"'{word}' is a command of kad now: kad admin {usage} --url http://SILO:8080 --token-file TOKEN.");
            return ExitCode.WrongUsage;
        }

        return await SettingsCommand.RunAsync(
            Help, args, settings => EdgeProgram.RunAsync(settings, providers, output, error), output, error);
    }
}
