namespace KadOrleans.Lab;

/// <summary>Servers that are killed under STORE load at every edge.</summary>
public sealed class KilledProcesses : IAsyncDisposable
{
    private readonly IReadOnlyList<EdgeServer> _edges;
    private readonly List<StoreLoad> _loads;

    public KilledProcesses(int shardBits, params IReadOnlyList<EdgeServer> edges)
    {
        _edges = edges;
        _loads = [.. edges.Select(edge => new StoreLoad(edge.Address, shardBits))];
    }

    public Task WholeAsync() => Task.WhenAll(_loads.Select(load => load.WholeAsync()));

    /// <summary>Kills a server, perhaps starts it again, and waits until each edge serves all shards.</summary>
    public async Task KillAsync(string what, Func<Task> kill)
    {
        var killing = kill();
        var whole = _loads.ConvertAll(load => load.WholeAsync());
        await killing;
        var times = await Task.WhenAll(whole);
        Tell($"{what}: each edge whole after {string.Join(", ", times.Select(time => $"{time.TotalSeconds:F1} s"))}");
    }

    public async Task AllAreThereAsync()
    {
        await Task.WhenAll(_loads.Select(load => load.StopAsync()));
        foreach (var (i, load) in _loads.Index())
        {
            // An edge may answer from memory what it took itself, so another one is asked, if there is one.
            var edge = _edges[(i + 1) % _edges.Count];
            var keys = load.Acknowledged.ToList();
            var missing = await ValueReading.MissingAsync(edge.Address, keys);
            Tell($"{keys.Count} values were acknowledged at edge {i}.");
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

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}

/// <summary>Two silos and two edges as processes on storage that they share.</summary>
public static class TwoSilosTwoEdges
{
    private const int ShardBits = 4;

    /// <summary>
    /// Kills each process in turn. Fails if an acknowledged value is lost, or an edge comes back with another id.
    /// </summary>
    public static async Task SurviveKillsAsync(params string[] storage)
    {
        using var folder = new TemporaryFolder();
        string[] settings = [.. storage, SiloServer.ShardBits(ShardBits)];
        await using var firstSilo = new SiloServer(folder.Path, settings);
        await using var secondSilo = new SiloServer(folder.Path, settings);
        await using var firstEdge = new EdgeServer(folder.Path, "first", storage);
        await using var secondEdge = new EdgeServer(folder.Path, "second", [.. storage, $"Kad:Edge:Bootstrap={firstEdge.Address}"]);
        await firstSilo.StartAsync();
        await secondSilo.StartAsync();
        await Task.WhenAll(firstEdge.StartAsync(), secondEdge.StartAsync());
        string[] ids = [firstEdge.Id, secondEdge.Id];
        await using var killed = new KilledProcesses(ShardBits, firstEdge, secondEdge);
        await killed.WholeAsync();

        // The edges first: after the loss of a silo, nobody takes an edge's name before its lease has ended.
        await killed.KillAsync("first edge, restarted at once", firstEdge.RestartAsync);
        await killed.KillAsync("second edge, restarted at once", secondEdge.RestartAsync);
        await killed.KillAsync("first silo, not restarted", firstSilo.KillAsync);
        await firstSilo.StartAsync();
        await killed.WholeAsync();
        await killed.KillAsync("second silo, restarted at once", secondSilo.RestartAsync);

        await killed.AllAreThereAsync();
        Assert.Equal(ids, new[] { firstEdge.Id, secondEdge.Id });
    }
}
