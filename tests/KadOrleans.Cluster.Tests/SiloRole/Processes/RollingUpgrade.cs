namespace KadOrleans.Cluster.Tests.SiloRole;

// Silos and two edges as processes under endless STOREs. Another build replaces them in turn: the next when the one before serves.
internal sealed class RollingUpgrade : IAsyncDisposable
{
    private const int ShardBits = 4;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);
    private static readonly OverwritePace Pace = new(Keys: 64, Patience: TimeSpan.FromSeconds(5), Pause: TimeSpan.FromMilliseconds(20));
    private static readonly int Seed = Random.Shared.Next();

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-roll-").FullName;
    private readonly HttpClient _http = new() { Timeout = Longest };
    private readonly SiloServer[] _silos;
    private readonly EdgeServer[] _edges;
    private readonly StringWriter _told = new();
    private StoreLoad? _load;
    private KeyOverwrites? _overwrites;

    // An empty build is the one of the tests. Without settings a silo has storage of its own.
    public RollingUpgrade(string build, int silos, params string[] storage)
    {
        KeyFiles.Write(_folder);
        string[] ofSilo = [.. storage, SiloServer.ShardBits(ShardBits), .. KeyFiles.OfSilo(_folder)];
        _silos = [.. Enumerable.Range(0, silos).Select(_ => new SiloServer(_folder, ofSilo) { Assembly = ServerExecutable.In(build) })];
        string[] settings = [.. storage.Length > 0 ? storage : [_silos[0].GatewaySetting], .. KeyFiles.OfEdge(_folder)];
        var first = new EdgeServer(_folder, "first", settings) { Assembly = ServerExecutable.In(build) };
        _edges = [first, new EdgeServer(_folder, "second", [.. settings, $"Kad:Edge:Bootstrap={first.Address}"]) { Assembly = ServerExecutable.In(build) }];
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

    public async Task RollSilosAsync(string build, params string[] settings)
    {
        foreach (var silo in _silos)
        {
            await StopInOrderAsync(silo);
            (silo.Assembly, silo.MoreSettings) = (ServerExecutable.In(build), settings);
            await silo.StartAsync();
            await WholeAsync("a silo replaced");
        }
    }

    public async Task RollEdgesAsync(string build)
    {
        foreach (var edge in _edges)
        {
            var id = edge.Id;
            await StopInOrderAsync(edge);
            edge.Assembly = ServerExecutable.In(build);
            await edge.StartAsync();
            Assert.Equal(id, edge.Id);
            await WholeAsync("an edge replaced");
        }
    }

    /// <summary>Replaces the last silo by one that must not start, and returns what that one says.</summary>
    public async Task<string> RefusalAsync(string build, params string[] settings)
    {
        var last = _silos[^1];
        Assert.True(last.HasEnded || await last.StopAsync() == 0, last.Errors);
        await last.DisposeAsync();
        (last.Assembly, last.MoreSettings) = (ServerExecutable.In(build), settings);
        last.Launch();
        Assert.NotEqual(0, await last.ExitAsync());
        return last.Errors;
    }

    public async Task StartLastAsync(string build)
    {
        var last = _silos[^1];
        await last.DisposeAsync();
        (last.Assembly, last.MoreSettings) = (ServerExecutable.In(build), []);
        await last.StartAsync();
        await WholeAsync("started again");
    }

    public Task<int> WrittenAsync() => WrittenAsync(_silos[0]);

    public async Task WritesAsync(int version)
    {
        foreach (var silo in _silos)
        {
            await Eventually.ReadAsync(() => WrittenAsync(silo), written => written == version);
        }

        await WholeAsync($"all write {version}");
    }

    public async Task StillWritesAsync(int version)
    {
        foreach (var silo in _silos)
        {
            Assert.Equal(version, await WrittenAsync(silo));
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

        _http.Dispose();
        await _told.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<int> WrittenAsync(SiloServer silo)
    {
        using var status = JsonDocument.Parse(await _http.GetStringAsync(new Uri(silo.Http, "/status")));
        return status.RootElement.GetProperty("stateVersion").GetProperty("written").GetInt32();
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
