namespace KadOrleans.Silo.Configuration;

/// <summary>The arguments of a silo: settings as <c>NAME=VALUE</c>, <c>--NAME=VALUE</c> or <c>--NAME VALUE</c>, or a question for help.</summary>
internal static class SiloArguments
{
    /// <summary>What <c>--help</c> says.</summary>
    public const string Help = """
        A silo of a cluster: it holds routing tables and values, and serves until told to stop.

          KadOrleans.Silo [settings]

        Without settings it is a whole cluster in one process: values in the folder kad-cluster-data, an edge at UDP port 8468, and
        dashboard and status on http://127.0.0.1:8080. Settings are NAME=VALUE, or variables of the environment (Kad__Storage):

          Kad:Storage=Local|AdoNet|AzureStorage      where state is kept
          Kad:PostgreSql:ConnectionString=...        with AdoNet
          Kad:Silo:Address=127.0.0.1                 where silos and clients reach it
          Kad:Silo:Port=11111                        port for other silos; 0 is any free one
          Kad:Silo:GatewayPort=30000                 port for edges and other clients; 0 is any free one
          Kad:Http=127.0.0.1:8080                    dashboard, status and health; docs/settings.md has the rest

        Examples:
          KadOrleans.Silo
          KadOrleans.Silo Kad:Data=/var/lib/kad Kad:Edge:Listen=0.0.0.0:8468
          KadOrleans.Silo Kad:Storage=AdoNet "Kad:PostgreSql:ConnectionString=Host=db;Database=orleans;Username=kad_silo"
        """;

    /// <summary>Whether help is asked for.</summary>
    public static bool AskForHelp(IEnumerable<string> args) => args.Any(arg => arg is "--help" or "-h" or "-?" or "help");

    /// <summary>Refuses what is no setting: the reader of settings passes over it.</summary>
    /// <exception cref="ConfigurationMistakeException">An argument is none.</exception>
    public static void Check(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i].Contains('=', StringComparison.Ordinal))
            {
                continue;
            }

            if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Count)
            {
                throw new ConfigurationMistakeException(
                    $"'{args[i]}' is no setting; NAME=VALUE is needed, such as Kad:Storage=AdoNet. --help tells more.");
            }

            i++;
        }
    }
}
