namespace KadOrleans.Testing.Clusters;

/// <summary>Two silos and two edges as processes on storage that they share, killed under load.</summary>
internal sealed class TwoSilosTwoEdges : IAsyncDisposable
{
    private const int ShardBits = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-two-").FullName;
    private readonly SiloServer _firstSilo;
    private readonly SiloServer _secondSilo;
    private readonly EdgeServer _firstEdge;
    private readonly EdgeServer _secondEdge;

    private TwoSilosTwoEdges(string[] storage)
    {
        string[] settings = [.. storage, SiloServer.ShardBits(ShardBits)];
        (_firstSilo, _secondSilo) = (new SiloServer(_folder, settings), new SiloServer(_folder, settings));
        _firstEdge = new EdgeServer(_folder, "first", storage);
        _secondEdge = new EdgeServer(_folder, "second", [.. storage, $"Kad:Edge:Bootstrap={_firstEdge.Address}"]);
    }

    /// <summary>
    /// Kills each process in turn, the edges after silos. Fails if an acknowledged value is lost, or an edge comes back with another id.
    /// </summary>
    /// <param name="storage">The settings of the storage.</param>
    public static Task SurviveKillsAsync(params string[] storage) => SurviveAsync(storage, async (cluster, killed) =>
    {
        await killed.KillAsync("first silo, not restarted", cluster._firstSilo.KillAsync);
        await cluster._firstSilo.StartAsync();
        await killed.WholeAsync();
        await killed.KillAsync("second silo, restarted at once", () => RestartAsync(cluster._secondSilo));
        await killed.KillAsync("first edge, restarted at once", () => RestartAsync(cluster._firstEdge));
        await killed.KillAsync("second edge, restarted at once", () => RestartAsync(cluster._secondEdge));
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var server in (RestartableServer[])[_secondEdge, _firstEdge, _secondSilo, _firstSilo])
        {
            await server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task SurviveAsync(string[] storage, Func<TwoSilosTwoEdges, KilledProcesses, Task> kill)
    {
        await using var cluster = new TwoSilosTwoEdges(storage);
        var (firstEdge, secondEdge) = (cluster._firstEdge, cluster._secondEdge);
        await cluster._firstSilo.StartAsync();
        await cluster._secondSilo.StartAsync();
        await Task.WhenAll(firstEdge.StartAsync(), secondEdge.StartAsync());
        string[] ids = [firstEdge.Id, secondEdge.Id];
        await using var killed = new KilledProcesses(ShardBits, firstEdge, secondEdge);
        await killed.WholeAsync();

        await kill(cluster, killed);

        await killed.AllAreThereAsync();
        Assert.Equal(ids, new[] { firstEdge.Id, secondEdge.Id });
    }

    private static async Task RestartAsync(RestartableServer server)
    {
        await server.KillAsync();
        await server.StartAsync();
    }
}
