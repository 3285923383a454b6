namespace KadOrleans.Silo.Tests.Processes;

/// <summary>Two silos and two edges as processes on a PostgreSQL membership table, each killed in turn under load.</summary>
public sealed class TwoSilosTwoEdgesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-two-").FullName;

    [PostgreSqlFact]
    public async Task Each_process_may_be_killed_under_load_and_no_acknowledged_value_is_lost()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        string[] shared = ["Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={postgres.ConnectionString}"];
        await using var firstSilo = new SiloServer(_folder, [.. shared, "Kad:Cluster:ShardBits=6"]);
        await using var secondSilo = new SiloServer(_folder, [.. shared, "Kad:Cluster:ShardBits=6"]);
        await firstSilo.StartAsync();
        await secondSilo.StartAsync();
        await using var firstEdge = new EdgeServer(_folder, "first", shared);
        await using var secondEdge = new EdgeServer(_folder, "second", [.. shared, $"Kad:Edge:Bootstrap={firstEdge.Address}"]);
        await Task.WhenAll(firstEdge.StartAsync(), secondEdge.StartAsync());
        string[] ids = [firstEdge.Id, secondEdge.Id];
        await using var killed = new KilledProcesses(firstEdge, secondEdge);
        await killed.WholeAsync();

        await killed.KillAsync("first silo, not restarted", firstSilo.KillAsync);
        await firstSilo.StartAsync();
        await killed.WholeAsync();
        await killed.KillAsync("second silo, restarted at once", () => RestartAsync(secondSilo.KillAsync, secondSilo.StartAsync));
        await killed.KillAsync("first edge, restarted at once", () => RestartAsync(firstEdge.KillAsync, firstEdge.StartAsync));
        await killed.KillAsync("second edge, restarted at once", () => RestartAsync(secondEdge.KillAsync, secondEdge.StartAsync));

        await killed.AllAreThereAsync();
        Assert.Equal(ids, new[] { firstEdge.Id, secondEdge.Id });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task RestartAsync(Func<Task> kill, Func<Task> start)
    {
        await kill();
        await start();
    }
}
