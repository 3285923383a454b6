namespace KadOrleans.Lab;

/// <summary>What keeps a cluster's state, as a server that can fail by itself.</summary>
internal abstract class ClusterStorage : IAsyncDisposable
{
    public abstract IReadOnlyList<string> SiloSettings { get; }

    public virtual bool IsServer => true;

    public virtual bool IsDurable => true;

    /// <summary>Whether it is two servers, of which one takes over when the other dies.</summary>
    public virtual bool HasStandby => false;

    public static async Task<ClusterStorage> StartAsync(ClusterShape shape, string folder)
    {
        switch (shape.Storage)
        {
            case StorageKind.PostgreSql:
                return await StartPostgreSqlAsync(shape);

            case StorageKind.Azurite when !AzuriteServer.IsThere:
                throw CommandException.WrongUsage("--storage is 'azurite'; that needs KAD_TEST_AZURITE to name the executable of Azurite.");

            case StorageKind.Azurite:
                return new OnAzurite(await AzuriteServer.StartAsync());

            default:
                return new OnSqlite(folder);
        }
    }

    private static async Task<ClusterStorage> StartPostgreSqlAsync(ClusterShape shape)
    {
        try
        {
            var server = await PostgreSqlServer.StartAsync(Path.GetDirectoryName(shape.Executables.Silo));
            return shape.HasStandby ? new OnPair(await PostgreSqlPair.StartAsync(server)) : new OnPostgreSql(() => server, server.ConnectionString, server);
        }
        catch (InvalidOperationException e)
        {
            throw CommandException.WrongUsage($"--storage is 'postgresql': {e.Message}");
        }
    }

    public virtual IReadOnlyList<string> EdgeSettings(IReadOnlyList<SiloServer> silos) => SiloSettings;

    public virtual Task HangAsync() => throw new NotSupportedException();

    public virtual Task ContinueAsync() => throw new NotSupportedException();

    public virtual Task KillAsync() => throw new NotSupportedException();

    public virtual Task StopAsync() => throw new NotSupportedException();

    public virtual Task RestartAsync() => throw new NotSupportedException();

    public virtual Task FailOverAsync() => throw new NotSupportedException();

    /// <summary>The server that ended is the standby of the one that took over.</summary>
    public virtual Task RejoinAsync() => throw new NotSupportedException();

    public abstract ValueTask DisposeAsync();

    private sealed class OnSqlite(string folder) : ClusterStorage
    {
        public override IReadOnlyList<string> SiloSettings { get; } = [$"Kad:Data={Path.Combine(folder, "data")}"];

        public override bool IsServer => false;

        public override IReadOnlyList<string> EdgeSettings(IReadOnlyList<SiloServer> silos) => [silos[0].GatewaySetting];

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private class OnPostgreSql(Func<PostgreSqlServer> server, string connectionString, IAsyncDisposable owned) : ClusterStorage
    {
        public override IReadOnlyList<string> SiloSettings { get; } =
            ["Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={connectionString}"];

        public override Task HangAsync() => server().HangAsync();

        public override Task ContinueAsync() => server().ContinueAsync();

        public override Task KillAsync() => server().KillAsync();

        public override Task StopAsync() => server().StopAsync();

        public override Task RestartAsync() => server().RestartAsync();

        public override ValueTask DisposeAsync() => owned.DisposeAsync();
    }

    private sealed class OnPair(PostgreSqlPair pair) : OnPostgreSql(() => pair.Primary, pair.ConnectionString, pair)
    {
        public override bool HasStandby => true;

        public override Task FailOverAsync() => pair.FailOverAsync();

        public override Task RejoinAsync() => pair.RejoinAsync();
    }

    private sealed class OnAzurite(AzuriteServer server) : ClusterStorage
    {
        public override IReadOnlyList<string> SiloSettings { get; } =
            ["Kad:Storage=AzureStorage", "Kad:Azure:GrainStorage=Tables", $"Kad:Azure:ConnectionString={server.ConnectionString}"];

        public override bool IsDurable => false;

        public override Task HangAsync() => server.HangAsync();

        public override Task ContinueAsync() => server.ContinueAsync();

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
