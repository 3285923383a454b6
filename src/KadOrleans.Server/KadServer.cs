using KadOrleans.Hosting.Cluster;

namespace KadOrleans.Server;

/// <summary>A process of a cluster as an executable: with SQLite and PostgreSQL, and with the providers that it adds.</summary>
public static class KadServer
{
    /// <summary>Runs a silo, an edge or both, as <c>Kad:Role</c> says, until SIGTERM or Ctrl-C.</summary>
    /// <param name="args">Settings, as <c>Kad:Http=127.0.0.1:8080</c>.</param>
    /// <param name="use">Adds providers, such as <c>UseKadAzureStorage</c>. Null: none.</param>
    /// <returns>
    /// The exit code: 0 after a stop, 1 after a failure, 2 for wrong settings, 5 after the cluster replaced the process.
    /// </returns>
    public static Task<int> RunAsync(string[] args, Action<KadProviders>? use = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        return ServerCommand.RunAsync(args, new KadProviders(use), Console.Out, Console.Error);
    }
}
