using System.Diagnostics;
using System.Globalization;
using KadOrleans.Core;

namespace KadOrleans.Testing.Clusters;

/// <summary>Kills servers under STORE load at every edge, and tells when the service was whole again.</summary>
internal sealed class KilledProcesses : IAsyncDisposable
{
    private readonly IReadOnlyList<EdgeServer> _edges;
    private readonly List<StoreLoad> _loads;

    /// <param name="shardBits">The cluster has 2 to the power of this shards.</param>
    /// <param name="edges">Each is sent STOREs.</param>
    public KilledProcesses(int shardBits, params IReadOnlyList<EdgeServer> edges)
    {
        _edges = edges;
        _loads = [.. edges.Select(edge => new StoreLoad(edge.Address, shardBits))];
    }

    /// <summary>The keys whose STORE any edge acknowledged.</summary>
    public IReadOnlyCollection<NodeId> Acknowledged => [.. _loads.SelectMany(load => load.Acknowledged)];

    /// <summary>Waits until every edge acknowledges all that it is sent.</summary>
    public Task WholeAsync() => Task.WhenAll(_loads.Select(load => load.WholeAsync()));

    /// <summary>Kills a server and waits until the service is whole.</summary>
    /// <param name="what">What is told of it.</param>
    /// <param name="kill">Kills it, and starts it again if that is to be part of the recovery.</param>
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

    /// <summary>Ends the load and reads every acknowledged key back through each edge.</summary>
    public async Task AllAreThereAsync()
    {
        await EndLoadAsync();
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

    private Task EndLoadAsync() => Task.WhenAll(_loads.Select(load => load.StopAsync()));

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
