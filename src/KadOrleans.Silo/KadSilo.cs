using KadOrleans.Hosting.Cluster;
using KadOrleans.Silo.Hosting;

namespace KadOrleans.Silo;

/// <summary>A silo as an executable: with SQLite and PostgreSQL, and with the providers that it adds.</summary>
public static class KadSilo
{
    /// <summary>Runs a silo until SIGTERM or Ctrl-C.</summary>
    /// <param name="args">Settings, as <c>Kad:Http=127.0.0.1:8080</c>.</param>
    /// <param name="use">Adds providers, such as <c>UseKadAzureStorage</c>. Null: none.</param>
    /// <returns>The exit code: 0 after a stop, 1 after a failure, 2 for wrong settings.</returns>
    public static Task<int> RunAsync(string[] args, Action<KadProviders>? use = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        return SiloProgram.RunAsync(args, Providers(use), Console.Out, Console.Error);
    }

    /// <summary>The providers of such an executable.</summary>
    internal static KadProviders Providers(Action<KadProviders>? use = null) => new("KadOrleans.Silo", use);
}
