namespace KadOrleans.Server;

/// <summary>Runs a process of a cluster.</summary>
internal static class KadServer
{
    private const string Help = """
        A process of a cluster: a silo, which holds routing tables and values, an edge, which is a node of a Kademlia network and keeps
        nothing itself, or both. It serves until told to stop.

        Without settings it is a whole cluster: values in the folder kad-cluster-data, an edge at UDP port 8468 of all addresses, and
        dashboard, console and status on http://127.0.0.1:8080. The API's token is in kad-cluster-data/http-token. The settings most used:

          Kad:Role=Silo|Edge|SiloAndEdge             by default SiloAndEdge with Kad:Storage=Local, and else Silo
          Kad:Storage=Local|PostgreSql|AzureStorage  where state is kept, and how an edge finds the silos
          Kad:PostgreSql:ConnectionString=...        with PostgreSql
          Kad:Clustering=Redis                       where members and reminders are, if not as the state
          Kad:Silo:Address=127.0.0.1                 where silos and clients reach a silo
          Kad:Silo:Port=11111                        port for other silos; 0 is any free one
          Kad:Silo:GatewayPort=30000                 port for edges and other clients; 0 is any free one
          Kad:Cluster:Gateway=127.0.0.1:30000        gateways of silos, for an edge with Local
          Kad:Edge:Name=... Kad:Edge:Listen=...      an edge's name and UDP address
          Kad:Http=127.0.0.1:8080                    dashboard, status and health; docs/settings.md has the rest

        Examples:
          kad-server
          kad-server Kad:Data=/var/lib/kad Kad:Edge:Listen=0.0.0.0:8468
          kad-server --schema | psql "host=db dbname=orleans user=kad"
          kad-server Kad:Storage=PostgreSql "Kad:PostgreSql:ConnectionString=Host=db;Database=orleans;Username=kad"
          kad-server Kad:Role=Edge Kad:Edge:Name=a Kad:Edge:Listen=0.0.0.0:8468 Kad:Cluster:Gateway=10.0.0.4:30000
        """;

    /// <summary>Runs a silo, an edge or both, as <c>Kad:Role</c> says, until SIGTERM or Ctrl-C.</summary>
    /// <param name="args">Settings as NAME=VALUE, such as <c>Kad:Http=127.0.0.1:8080</c>. None: a whole cluster in one process.</param>
    /// <returns>
    /// The exit code. 0: stopped. 1: failed. 2: a setting is wrong or a port in use. 5: the cluster replaced the process.
    /// </returns>
    public static Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        FailingWrites.Expect();
        return RunAsync(args, new KadProviders(), Console.Out, Console.Error);
    }

    // The output gets addresses and a line for each node id. The error output gets the log. Several threads write to both. That either
    // cannot be written, or is not read, neither ends nor delays what serves.
    public static async Task<int> RunAsync(string[] args, KadProviders providers, TextWriter output, TextWriter error)
    {
        await using var lines = new QueuedWriter(new BestEffortWriter(output));
        await using var log = new QueuedWriter(new BestEffortWriter(error));
        return await SettingsCommand.RunAsync(
            Help,
            KadSettings.NamesWith(providers.Known),
            ("--schema", "Print the SQL that makes the tables in PostgreSQL, for psql", ReadSchema),
            args,
            settings => ServerProgram.RunAsync(settings, providers, lines, log),
            output,
            log);
    }

    private static string ReadSchema()
    {
        using var reader = new StreamReader(typeof(KadServer).Assembly.GetManifestResourceStream("schema.sql")!);
        return reader.ReadToEnd();
    }
}
