namespace KadOrleans.Lab;

/// <summary>Kills servers under STORE load at every edge, and tells when the service was whole again.</summary>
public sealed class KilledProcesses : IAsyncDisposable
{
    private readonly IReadOnlyList<EdgeServer> _edges;
    private readonly List<StoreLoad> _loads;

    public KilledProcesses(int shardBits, params IReadOnlyList<EdgeServer> edges)
    {
        _edges = edges;
        _loads = [.. edges.Select(edge => new StoreLoad(edge.Address, shardBits))];
    }

    public IReadOnlyCollection<NodeId> Acknowledged => [.. _loads.SelectMany(load => load.Acknowledged)];

    public Task WholeAsync() => Task.WhenAll(_loads.Select(load => load.WholeAsync()));

    public async Task KillAsync(string what, Func<Task> kill)
    {
        var before = Acknowledged.Count;
        var started = Stopwatch.GetTimestamp();
        var killing = kill();
        var whole = _loads.ConvertAll(load => load.WholeAsync());
        await killing;
        var restarted = Stopwatch.GetElapsedTime(started);
        var times = await Task.WhenAll(whole);
        Tell($"{what}: killed with {before} acknowledged; action took {Seconds(restarted)}; each edge whole after {string.Join(", ", times.Select(Seconds))}");
    }

    public async Task AllAreThereAsync()
    {
        await Task.WhenAll(_loads.Select(load => load.StopAsync()));
        var keys = Acknowledged;
        foreach (var edge in _edges)
        {
            var missing = await ValueReading.MissingAsync(edge.Address, keys);
            Tell($"{edge.Address}: {missing.Count} of {keys.Count} acknowledged values missing");
            Assert.True(missing.Count == 0, $"{missing.Count} of {keys.Count}, such as {missing.FirstOrDefault()}; {edge.Errors}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var load in _loads)
        {
            await load.DisposeAsync();
        }
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}

/// <summary>Two silos and two edges as processes on storage that they share, killed under load.</summary>
public sealed class TwoSilosTwoEdges : IAsyncDisposable
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
    public static async Task SurviveKillsAsync(params string[] storage)
    {
        await using var cluster = new TwoSilosTwoEdges(storage);
        var (firstSilo, secondSilo) = (cluster._firstSilo, cluster._secondSilo);
        var (firstEdge, secondEdge) = (cluster._firstEdge, cluster._secondEdge);
        await firstSilo.StartAsync();
        await secondSilo.StartAsync();
        await Task.WhenAll(firstEdge.StartAsync(), secondEdge.StartAsync());
        string[] ids = [firstEdge.Id, secondEdge.Id];
        await using var killed = new KilledProcesses(ShardBits, firstEdge, secondEdge);
        await killed.WholeAsync();

        await killed.KillAsync("first silo, not restarted", firstSilo.KillAsync);
        await firstSilo.StartAsync();
        await killed.WholeAsync();
        await killed.KillAsync("second silo, restarted at once", secondSilo.RestartAsync);
        await killed.KillAsync("first edge, restarted at once", firstEdge.RestartAsync);
        await killed.KillAsync("second edge, restarted at once", secondEdge.RestartAsync);

        await killed.AllAreThereAsync();
        Assert.Equal(ids, new[] { firstEdge.Id, secondEdge.Id });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in (RestartableServer[])[_secondEdge, _firstEdge, _secondSilo, _firstSilo])
        {
            await server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
