using Aspire.Hosting.ApplicationModel;
using KadOrleans.Aspire.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Adds KadOrleans clusters to an app host.</summary>
/// <remarks>In this namespace, as app hosts have it already.</remarks>
public static class KadClusterBuilderExtensions
{
    private const int MaxSilos = 16;
    private const string DefaultHealthPath = "/health/ready";

    /// <summary>
    /// Adds a cluster. By itself it is one process of <c>kad-server</c>, a silo with an edge, on an SQLite file in the folder
    /// <c>NAME-data</c> of the app host. Edges of their own take the place of that edge. On storage that silos share there may be several.
    /// </summary>
    /// <param name="builder">The app host.</param>
    /// <param name="name">
    /// The name of the resource, of the Orleans cluster and of its stored state. The silos are the resources <c>NAME-silo-1</c> and so on.
    /// </param>
    /// <param name="silos">How many silos run <c>kad-server</c>, 0 to 16. With 0 it needs one of your own: <see cref="WithSilo"/>.</param>
    /// <param name="token">
    /// The token for the console and the HTTP API, of 16 or more characters. Null: the parameter <c>NAME-token</c>, whose value is generated and
    /// kept in the app host's user secrets.
    /// </param>
    /// <param name="server">
    /// The path of <c>kad-server</c> or <c>kad-server.dll</c>, from the app host's folder on, or a command of the PATH. Null: the one that this
    /// package carries, or that the app host's project names by <c>KadServerPath</c>.
    /// </param>
    /// <returns>The cluster. It is healthy when each of its processes is ready: <c>WaitFor</c> waits for that.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="silos"/> is out of its bounds.</exception>
    /// <exception cref="DistributedApplicationException">There is no <c>kad-server</c>.</exception>
    public static IResourceBuilder<KadClusterResource> AddKadCluster(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        int silos = 1,
        IResourceBuilder<ParameterResource>? token = null,
        string? server = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (silos is < 0 or > MaxSilos)
        {
            throw new ArgumentOutOfRangeException(nameof(silos), $"AddKadCluster: silos is {silos}; 0 to {MaxSilos} are allowed.");
        }

        token ??= builder.AddParameter(
            $"{name}-token", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
        var resource = new KadClusterResource(name, Path.Combine(builder.AppHostDirectory, $"{name}-data"), token.Resource, server);
        var cluster = builder.AddResource(resource)
            .WithInitialState(new CustomResourceSnapshot { ResourceType = "KadCluster", State = KnownResourceStates.NotStarted, Properties = [] })
            .WithIconName("DatabaseMultiple")
            .WithHealthCheck($"{name}-members")
            .OnInitializeResource((started, context, _) => ClusterWatch.RunAsync(
                started, context.Notifications, context.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping))
            .ExcludeFromManifest();
        builder.Services.AddHealthChecks().AddCheck($"{name}-members", () => resource.States.HealthOf(resource));
        builder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
        {
            ClusterPlan.Complete(cluster);
            return Task.CompletedTask;
        });
        for (var number = 1; number <= silos; number++)
        {
            cluster.AddServer($"{name}-silo-{number}", isSilo: true);
        }

        return cluster;
    }

    /// <summary>Adds an edge: a process of <c>kad-server</c> that is a node of a Kademlia network. All edges join the first one.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="name">The name of the resource, and of the edge's identity (<c>Kad:Edge:Name</c>).</param>
    /// <param name="port">The UDP port of its endpoint <c>udp</c>, 1 to 65,535. Null: any free one at each start.</param>
    /// <param name="configure">
    /// Changes the resource. <c>edge.WithEndpoint("udp", udp => udp.TargetHost = "0.0.0.0")</c> serves other machines too.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="port"/> is out of its bounds.</exception>
    public static IResourceBuilder<KadClusterResource> WithEdge(
        this IResourceBuilder<KadClusterResource> cluster,
        [ResourceName] string name,
        int? port = null,
        Action<IResourceBuilder<ExecutableResource>>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        CheckPort(port);
        var edge = cluster.AddServer(name, isSilo: false).WithUdp(port);
        configure?.Invoke(edge);
        return cluster;
    }

    /// <summary>Adds a program of your own that is a silo of the cluster, beside those of <c>kad-server</c> or in their place.</summary>
    /// <typeparam name="T">A project or another resource whose processes take environment variables.</typeparam>
    /// <param name="cluster">The cluster.</param>
    /// <param name="silo">
    /// The program. It gets Orleans' settings of a silo (<c>Orleans:Clustering</c>, <c>Orleans:GrainStorage:Kad</c>, <c>Orleans:Reminders</c>,
    /// <c>Orleans:Endpoints</c>), which <c>UseOrleans</c> reads, and those of <c>kad-server</c>. The project of <c>kad-server</c> is one, too.
    /// </param>
    /// <param name="healthPath">Where its endpoint <c>http</c> says whether it is ready. Null: it serves no HTTP.</param>
    public static IResourceBuilder<KadClusterResource> WithSilo<T>(
        this IResourceBuilder<KadClusterResource> cluster, IResourceBuilder<T> silo, string? healthPath = DefaultHealthPath)
        where T : IResourceWithEnvironment, IResourceWithEndpoints, IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(silo);
        cluster.Join(silo, healthPath).IsSilo = true;
        return cluster;
    }

    /// <summary>Adds a program of your own that is an edge of the cluster. It may be a silo as well.</summary>
    /// <typeparam name="T">A project or another resource whose processes take environment variables.</typeparam>
    /// <param name="cluster">The cluster.</param>
    /// <param name="edge">
    /// The program. It gets the settings <c>Kad:Edge:Name</c>, the name of the resource, <c>Kad:Edge:Listen</c> and <c>Kad:Edge:Bootstrap</c>; and
    /// Orleans' of a client, unless it is a silo.
    /// </param>
    /// <param name="port">The UDP port of its endpoint <c>udp</c>, 1 to 65,535. Null: any free one at each start.</param>
    /// <param name="healthPath">Where its endpoint <c>http</c> says whether it is ready. Null: it serves no HTTP.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="port"/> is out of its bounds.</exception>
    public static IResourceBuilder<KadClusterResource> WithEdge<T>(
        this IResourceBuilder<KadClusterResource> cluster, IResourceBuilder<T> edge, int? port = null, string? healthPath = DefaultHealthPath)
        where T : IResourceWithEnvironment, IResourceWithEndpoints, IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(edge);
        CheckPort(port);
        cluster.Join(edge.WithUdp(port), healthPath).IsEdge = true;
        return cluster;
    }

    /// <summary>Keeps the cluster's state in a database of PostgreSQL, which silos share. Its processes wait for it.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="database">
    /// A database of a PostgreSQL resource, or <c>AddConnectionString</c>. It must have Orleans' tables: the package has <c>tools/server/schema.sql</c>.
    /// </param>
    public static IResourceBuilder<KadClusterResource> WithPostgreSql(
        this IResourceBuilder<KadClusterResource> cluster, IResourceBuilder<IResourceWithConnectionString> database)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(database);
        return cluster.Keep(new PostgreSqlDatabase(database.Resource));
    }

    /// <summary>Keeps the cluster's state in Azure Storage, which silos share. Its processes wait for it.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="tables">
    /// The tables of a storage resource, or <c>AddConnectionString</c>: a connection string, or with Azure's own credentials the service's address.
    /// </param>
    /// <param name="blobs">The blobs of the same account, for the grains' state. Null: it is in tables.</param>
    public static IResourceBuilder<KadClusterResource> WithAzureStorage(
        this IResourceBuilder<KadClusterResource> cluster,
        IResourceBuilder<IResourceWithConnectionString> tables,
        IResourceBuilder<IResourceWithConnectionString>? blobs = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(tables);
        return cluster.Keep(new AzureStorageAccount(tables.Resource, blobs?.Resource));
    }

    /// <summary>Keeps the cluster's files in another folder: the file of tokens, and without other storage the SQLite file.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="path">The folder, from the app host's on. It is made if it is missing.</param>
    public static IResourceBuilder<KadClusterResource> WithDataFolder(this IResourceBuilder<KadClusterResource> cluster, string path)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        cluster.Resource.Folder = Path.GetFullPath(path, cluster.ApplicationBuilder.AppHostDirectory);
        return cluster;
    }

    /// <summary>Sets a setting of all silos and edges.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="name">Its name, as docs/settings.md has it, such as <c>Kad:Cluster:ShardBits</c>.</param>
    /// <param name="value">Its value. A process that is given a wrong one says so in its log, and ends.</param>
    /// <exception cref="ArgumentException">It is no setting, or one that differs by process and that the app host gives.</exception>
    public static IResourceBuilder<KadClusterResource> WithSetting(
        this IResourceBuilder<KadClusterResource> cluster, string name, string value) => cluster.Set(name, value);

    /// <summary>Sets a setting of all silos and edges to the value of a parameter, such as a secret.</summary>
    /// <inheritdoc cref="WithSetting(IResourceBuilder{KadClusterResource}, string, string)"/>
    public static IResourceBuilder<KadClusterResource> WithSetting(
        this IResourceBuilder<KadClusterResource> cluster, string name, IResourceBuilder<ParameterResource> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return cluster.Set(name, value.Resource);
    }

    /// <summary>Makes a program a client of the cluster: <c>UseOrleansClient(client => client.AddKadClient())</c> finds its silos.</summary>
    /// <remarks>On shared storage the program has Orleans' package of that storage's clustering, and on PostgreSQL <c>Npgsql</c>.</remarks>
    /// <typeparam name="T">A project or another resource whose processes take environment variables.</typeparam>
    /// <param name="client">The program, which gets Orleans' settings of a client, and the file of the key that <c>AddKadClient</c> proves. <c>WaitFor</c> makes it wait until the cluster is ready.</param>
    /// <param name="cluster">The cluster.</param>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> client, IResourceBuilder<KadClusterResource> cluster)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(cluster);
        return client.WithReferenceRelationship(cluster).WithEnvironment(context =>
        {
            var settings = new ProcessSettings(context.EnvironmentVariables, cluster.Resource.Name);
            settings.AddNames();
            settings["Orleans:EnableDistributedTracing"] = "true";
            cluster.Resource.Storage.AddClientSettings(settings);
            ClusterKeyFiles.AddGatewayKey(settings, cluster.Resource);
            return Task.CompletedTask;
        });
    }

    private static IResourceBuilder<KadClusterResource> Keep(this IResourceBuilder<KadClusterResource> cluster, ClusterStorage storage)
    {
        cluster.Resource.Storage = storage;
        return cluster;
    }

    private static IResourceBuilder<KadClusterResource> Set(this IResourceBuilder<KadClusterResource> cluster, string name, object value)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        if (ProcessSettings.FindProblem(name) is { } problem)
        {
            throw new ArgumentException($"WithSetting: name is '{name}'; {problem}.", nameof(name));
        }

        cluster.Resource.Settings[name] = value;
        return cluster;
    }

    private static void CheckPort(int? port)
    {
        if (port is < 1 or > ushort.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(port), $"WithEdge: port is {port}; 1 to {ushort.MaxValue} are allowed, or none for any free one.");
        }
    }
}
