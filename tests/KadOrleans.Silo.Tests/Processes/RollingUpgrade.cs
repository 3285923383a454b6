using System.Globalization;
using System.Text.Json;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>
/// Silos and an edge as processes under STOREs that do not end, replaced by those of another build in turn, as a rolling upgrade
/// does it: the next when the one before serves.
/// </summary>
internal sealed class RollingUpgrade : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-roll-").FullName;
    private readonly HttpClient _http = new() { Timeout = Longest };
    private readonly int[] _ports;
    private readonly SiloServer[] _silos;
    private readonly EdgeServer _edge;
    private StoreLoad? _load;

    /// <param name="build">The folder of the build that all begin with; empty for the one of the tests.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="storage">The settings of the storage; none for a silo's own.</param>
    public RollingUpgrade(string build, int silos, params string[] storage)
    {
        _ports = [.. Enumerable.Range(0, silos).Select(_ => FreePort.Tcp())];
        _silos =
        [
            .. _ports.Select(port => new SiloServer(_folder, [.. storage, SiloServer.ShardBits(4), $"Kad:Http=127.0.0.1:{Text(port)}"])
            {
                Assembly = SiloOf(build),
            }),
        ];
        _edge = new EdgeServer(_folder, "edge", storage.Length > 0 ? storage : [_silos[0].GatewaySetting]) { Assembly = EdgeOf(build) };
    }

    public async Task StartAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.StartAsync();
        }

        await _edge.StartAsync();
        _load = new StoreLoad(_edge.Address);
        await WholeAsync("started");
    }

    /// <summary>Replaces one silo after another by one of a build with these settings.</summary>
    public async Task RollSilosAsync(string build, params string[] settings)
    {
        foreach (var silo in _silos)
        {
            Assert.Equal(0, await silo.StopAsync());
            (silo.Assembly, silo.MoreSettings) = (SiloOf(build), settings);
            await silo.StartAsync();
            await WholeAsync("a silo replaced");
        }
    }

    /// <summary>Replaces the edge.</summary>
    public async Task RollEdgeAsync(string build)
    {
        var id = _edge.Id;
        Assert.Equal(0, await _edge.StopAsync());
        _edge.Assembly = EdgeOf(build);
        await _edge.StartAsync();
        Assert.Equal(id, _edge.Id);
        await WholeAsync("the edge replaced");
    }

    /// <summary>Replaces the last silo by one that must not start, and returns what that one says.</summary>
    public async Task<string> RefusalAsync(string build, params string[] settings)
    {
        if (_silos[^1].HasEnded)
        {
            await _silos[^1].DisposeAsync();
        }
        else
        {
            Assert.Equal(0, await _silos[^1].StopAsync());
        }

        (_silos[^1].Assembly, _silos[^1].MoreSettings) = (SiloOf(build), settings);
        _silos[^1].Launch();
        Assert.NotEqual(0, await _silos[^1].ExitAsync());
        return _silos[^1].Errors;
    }

    /// <summary>Starts the last silo again after <see cref="RefusalAsync"/>.</summary>
    public async Task StartLastAsync(string build)
    {
        await _silos[^1].DisposeAsync();
        (_silos[^1].Assembly, _silos[^1].MoreSettings) = (SiloOf(build), []);
        await _silos[^1].StartAsync();
        await WholeAsync("started again");
    }

    /// <summary>Waits until every silo writes a schema version.</summary>
    public async Task WritesAsync(int version)
    {
        using var deadline = new CancellationTokenSource(Longest);
        using var timer = new PeriodicTimer(Interval);
        foreach (var port in _ports)
        {
            while (await WrittenAsync(port) != version)
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
        }

        await WholeAsync($"all write {Text(version)}");
    }

    /// <summary>Fails if a silo does not write this schema version.</summary>
    public async Task StillWritesAsync(int version)
    {
        foreach (var port in _ports)
        {
            Assert.Equal(version, await WrittenAsync(port));
        }
    }

    /// <summary>Ends the load and reads every acknowledged key back.</summary>
    public async Task AllAreThereAsync()
    {
        await _load!.StopAsync();
        var keys = _load.Acknowledged;
        var missing = await ValueReading.MissingAsync(_edge.Address, keys);
        Tell($"{missing.Count} of {keys.Count} acknowledged values missing");
        Assert.True(missing.Count == 0, $"{missing.Count} of {keys.Count}, such as {missing.FirstOrDefault()}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_load is not null)
        {
            await _load.DisposeAsync();
        }

        await _edge.DisposeAsync();
        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }

        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<int> WrittenAsync(int port)
    {
        using var status = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"http://127.0.0.1:{Text(port)}/status")));
        return status.RootElement.GetProperty("stateVersion").GetProperty("written").GetInt32();
    }

    private async Task WholeAsync(string when)
    {
        var after = await _load!.WholeAsync();
        Tell(string.Create(CultureInfo.InvariantCulture, $"{when}: whole {after.TotalSeconds:F1} s later, {_load.Acknowledged.Count} acknowledged"));
    }

    private static string SiloOf(string build) => Path.Combine(build, "KadOrleans.Silo");

    private static string EdgeOf(string build) => Path.Combine(build, "KadOrleans.Edge");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
