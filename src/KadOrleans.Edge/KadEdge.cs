using KadOrleans.Hosting.Cluster;

namespace KadOrleans.Edge;

/// <summary>An edge as an executable: with PostgreSQL, and with the providers that it adds.</summary>
public static class KadEdge
{
    private const string Executable = "KadOrleans.Edge";

    /// <summary>Runs an edge until SIGTERM or Ctrl-C.</summary>
    /// <param name="args">Settings, as <c>Kad:Edge:Name=a</c>.</param>
    /// <param name="use">Adds providers, such as <c>UseKadAzureStorage</c>. Null: none.</param>
    /// <returns>The exit code: 0 after a stop, 1 after a failure, 2 for wrong settings, 3 after another edge took the name.</returns>
    public static Task<int> RunAsync(string[] args, Action<KadProviders>? use = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        return EdgeCommand.RunAsync(args, Providers(use), Console.Out, Console.Error);
    }

    /// <summary>The providers of such an executable.</summary>
    internal static KadProviders Providers(Action<KadProviders>? use = null) => new(Executable, use);
}
