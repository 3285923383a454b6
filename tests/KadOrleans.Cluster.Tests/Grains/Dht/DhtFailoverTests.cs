using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Calls of the facade through two silos, of which one is killed: whoever asks the other notices nothing but the time it takes.</summary>
public sealed class DhtFailoverTests : IAsyncLifetime
{
    private const int ShardBits = 5;

    private readonly TestRows _rows = new();
    private readonly TestEdge _edge = new();
    private InProcessTestCluster _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _cluster = await TestSilos.StartTwoAsync(_rows, silo => silo.UseKadGrains(options => options.ShardBits = ShardBits));

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Gets_and_sets_wait_out_the_death_of_the_silo_that_held_their_shards()
    {
        var values = Enumerable.Range(0, 1 << ShardBits).ToDictionary(
            shard => Samples.KeysOf(shard, ShardBits).First(), shard => DhtValue.FromInteger(shard));
        var directory = _cluster.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        var (dying, survivor) = (_cluster.Silos[0], _cluster.Silos[1]);
        List<NodeId> moving = [.. values.Keys.Where((_, index) => index % 2 == 0)];
        await ActivateAsync(dying, directory, moving);
        await ActivateAsync(survivor, null, values.Keys.Except(moving));
        foreach (var (key, value) in values)
        {
            Assert.Equal(StoreResult.Stored, (await Dht(_cluster.Client).SetAsync(key, value, Token)).Local);
        }

        var dht = Dht(_cluster.GetSiloServiceProvider(survivor.SiloAddress).GetRequiredService<IGrainFactory>());
        await _cluster.KillSiloAsync(dying);

        var gets = moving.ToDictionary(key => key, key => dht.GetAsync(key, Token).AsTask());
        var sets = moving.ConvertAll(key => dht.SetAsync(key.WithBit(159, !key.GetBit(159)), values[key], Token).AsTask());
        Assert.All(await Task.WhenAll(sets), set => Assert.Equal(StoreResult.Stored, set.Local));
        foreach (var (key, get) in gets)
        {
            Assert.Equal(values[key], (await get).Value);
        }

        await directory.LeaseAsync("one", 1, _cluster.Client.CreateObjectReference<IEdgeObserver>(_edge));
        Assert.Equal(7, (await dht.FindNodeAsync(moving[0], Token)).Hops);
    }

    [Fact]
    public async Task An_edge_s_response_reaches_the_silo_that_asked_whatever_gateway_it_comes_through()
    {
        const int grains = 16;
        await _cluster.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton)
            .LeaseAsync("one", 1, _cluster.Client.CreateObjectReference<IEdgeObserver>(_edge));

        // From the silos, as their HTTP does. A client would send both the request and the edge's response through one gateway.
        var calls = _cluster.Silos
            .Select(silo => _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IGrainFactory>())
            .SelectMany(factory => Enumerable.Range(0, grains).Select(i => factory.GetGrain<IDhtGrain>(i).FindNodeAsync(Samples.Key(i), Token).AsTask()));

        Assert.All(await Task.WhenAll(calls), lookup => Assert.Equal(7, lookup.Hops));
        Assert.Equal(grains * _cluster.Silos.Count, _edge.Calls);
    }

    private static IDhtGrain Dht(IGrainFactory grains) => grains.GetGrain<IDhtGrain>(GrainKeys.Singleton);

    /// <summary>Has the directory of edges and the shards of keys come up on a silo.</summary>
    private async Task ActivateAsync(InProcessSiloHandle silo, IEdgeDirectoryGrain? directory, IEnumerable<NodeId> keys)
    {
        // Holds for the calls made here: the context of an async method ends with it.
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.SiloAddress);
        if (directory is not null)
        {
            await directory.GetLiveAsync();
        }

        foreach (var key in keys)
        {
            await _cluster.Client.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, ShardBits)).GetUsageAsync();
        }
    }
}
