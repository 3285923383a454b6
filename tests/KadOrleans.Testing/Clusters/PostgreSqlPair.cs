namespace KadOrleans.Testing.Clusters;

/// <summary>A PostgreSQL server and its standby, which has each commit before it is told to anybody, and takes over when the first is killed.</summary>
public sealed class PostgreSqlPair : IAsyncDisposable
{
    private PostgreSqlPair(PostgreSqlServer primary, PostgreSqlServer standby) => (Primary, Standby) = (primary, standby);

    /// <summary>The server that writes now.</summary>
    public PostgreSqlServer Primary { get; private set; }

    /// <summary>The other.</summary>
    public PostgreSqlServer Standby { get; private set; }

    /// <summary>How Npgsql reaches the one of them that writes.</summary>
    public string ConnectionString =>
        $"Host={Primary.Address},{Standby.Address};Target Session Attributes=primary;Database=postgres;Username=postgres;Maximum Pool Size=20";

    /// <summary>Makes a standby of a server that was started.</summary>
    public static async Task<PostgreSqlPair> StartAsync(PostgreSqlServer primary) => new(primary, await primary.StartStandbyAsync());

    /// <summary>The primary ends as by a crash, and the standby is promoted.</summary>
    public async Task FailOverAsync()
    {
        await Primary.KillAsync();
        await Standby.PromoteAsync();
        (Primary, Standby) = (Standby, Primary);
    }

    /// <summary>After <see cref="FailOverAsync"/> the server that ended comes back as a standby.</summary>
    public Task RejoinAsync() => Standby.FollowAsync(Primary);

    public async ValueTask DisposeAsync()
    {
        await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
