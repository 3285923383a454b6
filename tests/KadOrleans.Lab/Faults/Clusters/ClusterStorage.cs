namespace KadOrleans.Lab;

/// <summary>What keeps a cluster's state: the settings of silos, and the faults that befall it if it is a server.</summary>
internal sealed class ClusterStorage(
    string folder, IReadOnlyList<string> settings, IReadOnlyDictionary<FaultKind, FaultActions>? faults = null, IAsyncDisposable? server = null)
    : IAsyncDisposable
{
    public IReadOnlyList<string> SiloSettings => server is null ? settings : [.. settings, .. KeyFiles.OfSilo(folder)];

    /// <summary>The folder with the keys of the cluster.</summary>
    public string Keys => folder;

    /// <summary>Empty if it is no server.</summary>
    public IReadOnlyDictionary<FaultKind, FaultActions> Faults { get; } = faults ?? new Dictionary<FaultKind, FaultActions>();

    public static async Task<ClusterStorage> StartAsync(ClusterShape shape, string folder) => shape.Storage switch
    {
        StorageKind.PostgreSql => await StartPostgreSqlAsync(shape, folder),
        StorageKind.Azurite when !AzuriteServer.IsThere =>
            throw CommandException.WrongUsage("--storage is 'azurite'; that needs KAD_TEST_AZURITE to name the executable of Azurite."),
        StorageKind.Azurite => OnAzurite(await AzuriteServer.StartAsync(), folder),
        _ => new ClusterStorage(Path.Combine(folder, "data"), [$"Kad:Data={Path.Combine(folder, "data")}"]),
    };

    public IReadOnlyList<string> EdgeSettings(SiloServer[] silos) =>
        [.. server is null ? [silos[0].GatewaySetting] : settings, .. KeyFiles.OfEdge(folder)];

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<ClusterStorage> StartPostgreSqlAsync(ClusterShape shape, string folder)
    {
        try
        {
            var server = await PostgreSqlServer.StartAsync(Path.GetDirectoryName(shape.Server), shape.Network?.Database);
            var pair = shape.HasStandby ? await PostgreSqlPair.StartAsync(server) : null;
            return OnPostgreSql(() => pair?.Primary ?? server, pair, folder);
        }
        catch (InvalidOperationException e)
        {
            throw CommandException.WrongUsage($"--storage is 'postgresql': {e.Message}");
        }
    }

    private static ClusterStorage OnPostgreSql(Func<PostgreSqlServer> server, PostgreSqlPair? pair, string folder)
    {
        var faults = new Dictionary<FaultKind, FaultActions>
        {
            [FaultKind.Freeze] = new(() => server().HangAsync(), () => server().ContinueAsync()),
            [FaultKind.Kill] = new(() => server().KillAsync(), () => server().RestartAsync()),
            [FaultKind.Stop] = new(() => server().StopAsync(), () => server().RestartAsync()),
        };
        if (pair is not null)
        {
            faults.Add(FaultKind.FailOver, new(pair.FailOverAsync, pair.RejoinAsync));
        }

        var connection = pair?.ConnectionString ?? server().ConnectionString;
        KeyFiles.Write(folder);
        return new ClusterStorage(
            folder, ["Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString={connection}"], faults, pair ?? (IAsyncDisposable)server());
    }

    // What it holds ends with its process.
    private static ClusterStorage OnAzurite(AzuriteServer server, string folder)
    {
        KeyFiles.Write(folder);
        return new(
            folder,
            ["Kad:Storage=AzureStorage", "Kad:Azure:GrainStorage=Tables", $"Kad:Azure:ConnectionString={server.ConnectionString}"],
            new Dictionary<FaultKind, FaultActions> { [FaultKind.Freeze] = new(server.HangAsync, server.ContinueAsync) },
            server);
    }
}

/// <summary>How a fault begins and ends.</summary>
internal readonly record struct FaultActions(Func<Task> BeginAsync, Func<Task> EndAsync);
