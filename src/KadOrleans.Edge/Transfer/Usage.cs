namespace KadOrleans.Edge.Transfer;

/// <summary>What <c>--help</c> says.</summary>
internal static class Usage
{
    public const string Text = """
        An edge of a cluster: a node of a Kademlia network that keeps nothing itself.

          KadOrleans.Edge [settings]                 serve until told to stop
          KadOrleans.Edge export FILE [settings]     write all values of the cluster to a file; - is the standard output
          KadOrleans.Edge import FILE [settings]     put a file's values into the cluster; - is the standard input

        The file is the one of "kad state export" and "kad state import". export and import do not stop the cluster or its edges.
        --json prints their summary as JSON. Settings are NAME=VALUE, or variables of the environment (Kad__Storage):

          Kad:Storage=Local|AdoNet|AzureStorage      how the silos are found
          Kad:Cluster:Gateway=127.0.0.1:30000        gateways of silos, with Local
          Kad:PostgreSql:ConnectionString=...        with AdoNet
          Kad:Edge:Name=... Kad:Edge:Listen=...      of an edge that serves; docs/settings.md has the rest

        Examples:
          KadOrleans.Edge Kad:Edge:Name=a Kad:Edge:Listen=0.0.0.0:8468 Kad:Cluster:Gateway=10.0.0.4:30000
          KadOrleans.Edge export backup.json Kad:Cluster:Gateway=10.0.0.4:30000
          KadOrleans.Edge import backup.json Kad:Storage=AdoNet "Kad:PostgreSql:ConnectionString=Host=db;Database=orleans"
        """;

    public static bool IsAskedFor(IEnumerable<string> args) => args.Any(arg => arg is "--help" or "-h");
}
