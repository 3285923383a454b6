using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Calls of the facade through two silos, of which one is killed: whoever asks the other notices nothing but the time it takes.</summary>
public sealed class DhtFailoverTests : IAsyncLifetime
{
    private const int ShardBits = 5;

    private readonly TestEdge _edge = new();
    private readonly ClusterFixture _cluster = new()
    {
        ClockOf = _ => TimeProvider.System,
        Configure = options => options.ShardBits = ShardBits,
        FindsDeadSilosSoon = true,
    };

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Gets_and_sets_wait_out_the_death_of_the_silo_that_held_their_shards()
    {
        var values = Enumerable.Range(0, 1 << ShardBits).ToDictionary(
            shard => Samples.KeysOf(shard, ShardBits).First(), shard => DhtValue.FromInteger(shard));
        var (dying, survivor) = (_cluster.Cluster.Silos[0].SiloAddress, _cluster.Cluster.Silos[1].SiloAddress);
        List<NodeId> moving = [.. values.Keys.Where((_, index) => index % 2 == 0)];
        RequestContext.Set(IPlacementDirector.PlacementHintKey, dying);
        await _cluster.Directory.GetLiveAsync();
        foreach (var (key, value) in values)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, moving.Contains(key) ? dying : survivor);
            await _cluster.Shard(GrainKeys.Shard(key, ShardBits)).GetUsageAsync();
            RequestContext.Clear();
            Assert.Equal(StoreResult.Stored, (await _cluster.Dht.SetAsync(key, value)).Local);
        }

        var dht = _cluster.Service<IGrainFactory>(survivor).GetGrain<IDhtGrain>(GrainKeys.Singleton);
        await _cluster.Cluster.KillSiloAsync(_cluster.Cluster.Silos[0]);

        var gets = moving.ToDictionary(key => key, key => dht.GetAsync(key).AsTask());
        var sets = moving.ConvertAll(key => dht.SetAsync(key.WithBit(159, !key.GetBit(159)), values[key]).AsTask());
        Assert.All(await Task.WhenAll(sets), set => Assert.Equal(StoreResult.Stored, set.Local));
        foreach (var (key, get) in gets)
        {
            Assert.Equal(values[key], (await get).Value);
        }

        await _cluster.Directory.LeaseAsync("one", 1, _cluster.Reference(_edge));
        Assert.Equal(7, (await dht.FindNodeAsync(moving[0])).Hops);
    }

    [Fact]
    public async Task An_edge_s_response_reaches_the_silo_that_asked_whatever_gateway_it_comes_through()
    {
        const int grains = 16;
        await _cluster.Directory.LeaseAsync("one", 1, _cluster.Reference(_edge));

        // From the silos, as their HTTP does. A client would send both the request and the edge's response through one gateway.
        var calls = _cluster.Services<IGrainFactory>()
            .SelectMany(factory => Enumerable.Range(0, grains).Select(i => factory.GetGrain<IDhtGrain>(i)))
            .Select(dht => dht.FindNodeAsync(Samples.Key(1)).AsTask());

        Assert.All(await Task.WhenAll(calls), lookup => Assert.Equal(7, lookup.Hops));
        Assert.Equal(grains * _cluster.Cluster.Silos.Count, _edge.Calls);
    }
}
