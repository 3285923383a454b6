namespace KadOrleans.Cluster.Tests.SiloRole;

// Silos and two edges as processes under endless STOREs. They are replaced in turn: the next when the one before serves.
internal sealed class RollingRestart : IAsyncDisposable
{
    private const int ShardBits = 4;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);
    private static readonly OverwritePace Pace = new(Keys: 64, Patience: TimeSpan.FromSeconds(5), Pause: TimeSpan.FromMilliseconds(20));
    private static readonly int Seed = Random.Shared.Next();

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-roll-").FullName;
    private readonly SiloServer[] _silos;
    private readonly EdgeServer[] _edges;
    private readonly StringWriter _told = new();
    private StoreLoad? _load;
    private KeyOverwrites? _overwrites;

    /// <summary>Without settings of storage a silo has its own.</summary>
    public RollingRestart(int silos, params string[] storage)
    {
        KeyFiles.Write(_folder);
        string[] ofSilo = [.. storage, SiloServer.ShardBits(ShardBits), .. KeyFiles.OfSilo(_folder)];
        _silos = [.. Enumerable.Range(0, silos).Select(_ => new SiloServer(_folder, ofSilo))];
        string[] settings = [.. storage.Length > 0 ? storage : [_silos[0].GatewaySetting], .. KeyFiles.OfEdge(_folder)];
        var first = new EdgeServer(_folder, "first", settings);
        _edges = [first, new EdgeServer(_folder, "second", [.. settings, $"Kad:Edge:Bootstrap={first.Address}"])];
    }

    public async Task StartAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.StartAsync();
        }

        await Task.WhenAll(_edges.Select(edge => edge.StartAsync()));
        _load = new StoreLoad(_edges[0].Address, ShardBits);
        _overwrites = new KeyOverwrites(
            [.. _edges.Select(edge => edge.Address)], source: 30, Pace, Stopwatch.StartNew(), new Random(Seed), new ProgressLog(_told));
        _overwrites.Start();
        await WholeAsync("started");
    }

    public async Task RollSilosAsync()
    {
        foreach (var silo in _silos)
        {
            await StopInOrderAsync(silo);
            await silo.StartAsync();
            await WholeAsync("a silo replaced");
        }
    }

    public async Task RollEdgesAsync()
    {
        foreach (var edge in _edges)
        {
            var id = edge.Id;
            await StopInOrderAsync(edge);
            await edge.StartAsync();
            Assert.Equal(id, edge.Id);
            await WholeAsync("an edge replaced");
        }
    }

    /// <summary>Ends the load and reads every acknowledged key back: each that was overwritten has its last acknowledged or a later version.</summary>
    public async Task AllAreThereAsync()
    {
        await _load!.StopAsync();
        var keys = _load.Acknowledged;
        var missing = await ValueReading.MissingAsync(_edges[0].Address, keys);
        Tell($"{missing.Count} of {keys.Count} acknowledged values missing");
        Assert.True(missing.Count == 0, $"{missing.Count} of {keys.Count}, such as {missing.FirstOrDefault()}");

        await _overwrites!.RestAsync().WaitAsync(Longest);
        var check = await _overwrites.CheckAsync();
        Tell($"{_overwrites.Acknowledged} overwrites of {Pace.Keys} keys acknowledged, {_overwrites.Late} late, {_overwrites.Stale} reads stale; {check}");
        Assert.True(check == default, $"Seed {Seed}: {check}\n{_told}");
        Assert.True(_overwrites.Acknowledged > Pace.Keys);
    }

    public async ValueTask DisposeAsync()
    {
        if (_load is not null)
        {
            await _load.DisposeAsync();
        }

        if (_overwrites is not null)
        {
            await _overwrites.DisposeAsync();
        }

        foreach (var server in (RestartableServer[])[.. _edges, .. _silos])
        {
            await server.DisposeAsync();
        }

        await _told.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task StopInOrderAsync(RestartableServer server)
    {
        var code = await server.StopAsync();
        Assert.True(code == 0, $"It ended with code {code}: {server.Errors}");
    }

    private async Task WholeAsync(string when)
    {
        var after = await _load!.WholeAsync();
        Tell(string.Create(CultureInfo.InvariantCulture, $"{when}: whole {after.TotalSeconds:F1} s later, {_load.Acknowledged.Count} acknowledged"));
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
