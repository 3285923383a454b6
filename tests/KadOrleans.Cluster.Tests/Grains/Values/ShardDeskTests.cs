using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(ShardCluster.Name)]
public sealed class ShardDeskTests(ClusterFixture cluster) : IDisposable
{
    private readonly IShardDesk _many = cluster.Client.GetGrain<IShardDesk>(AddressAt(cluster, cluster.Addresses[0]));

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task A_call_reaches_the_shards_of_all_its_keys_and_answers_in_its_own_order()
    {
        var keys = Enumerable.Range(100, 40).SelectMany(shard => KeysOf(shard).Take(3)).OrderBy(key => key.GetHashCode()).ToList();
        var puts = keys.Select((key, i) => new ShardPut(key, cluster.Text($"{i}"))).ToList();
        puts.Insert(7, new ShardPut(keys[60], cluster.Sized(StoreRules.MaxContentLength + 1)));

        var stored = await _many.PutAsync(puts);
        var read = await _many.GetAsync([.. keys, KeysOf(100).ElementAt(9), keys[0]]);

        Assert.Empty(stored.Unanswered);
        Assert.Equal(puts.Select((_, i) => i == 7 ? StoreResult.TooLarge : StoreResult.Stored), stored.Results);
        Assert.Empty(read.Unanswered);
        Assert.Equal([.. keys.Select((_, i) => cluster.Text($"{i}")), null, cluster.Text("0")], read.Results);
        Assert.Equal([cluster.Text("5")], await cluster.Shard(GrainKeys.Shard(keys[5], ClusterFixture.ShardBits)).GetAsync([keys[5]]));
    }

    [Fact]
    public async Task A_shards_news_name_its_silo_and_the_desk_there()
    {
        var shard = cluster.Shard(172);
        var news = (await shard.GetNewsAsync(new ShardPoint(172, 0, 0)))!;
        Assert.Equal(await SiloOfAsync(shard), news.Silo);
        Assert.Equal(AddressAt(cluster, news.Silo!), news.Desk);
        Assert.Equal(news.Desk, Assert.Single(await _many.GetNewsAsync([new ShardPoint(172, 0, 0)])).Desk);
    }

    [Fact]
    public async Task An_edge_that_knows_no_desk_reaches_the_shards_by_any_silo()
    {
        var (key, any) = (KeysOf(173).First(), cluster.Client.GetGrain<IShardBatchGrain>(7));
        var stored = await any.PutAsync([new ShardPut(key, cluster.Text("old"))]);
        Assert.Equal([StoreResult.Stored], stored.Results);
        Assert.Equal([cluster.Text("old")], (await any.GetAsync([key])).Results);
        Assert.Equal(173, Assert.Single(await any.GetNewsAsync([new ShardPoint(173, 0, 0)])).Shard);
    }

    [Fact]
    public async Task A_silo_answers_from_its_cache_what_a_shard_of_its_own_would_answer()
    {
        var (shard, key) = (cluster.Shard(170), KeysOf(170).First());
        await shard.PutAsync([new ShardPut(key, cluster.Text("first"))]);
        var desk = DeskAt(await SiloOfAsync(shard));

        Assert.Equal([cluster.Text("first")], (await desk.GetAsync([key])).Results);
        await shard.PutAsync([new ShardPut(key, cluster.Text("second"))]);
        Assert.Equal([cluster.Text("second")], (await desk.GetAsync([key])).Results);
        Assert.Equal(0, cluster.Gate.Count(shard, nameof(IKeyShardGrain.GetAsync)));

        await shard.RemoveAsync([key]);
        Assert.Equal([null], (await desk.GetAsync([key])).Results);
        Assert.Equal(1, cluster.Gate.Count(shard, nameof(IKeyShardGrain.GetAsync)));
    }

    [Fact]
    public async Task A_silo_does_not_answer_from_its_cache_for_a_shard_that_has_moved()
    {
        var (shard, key) = (cluster.Shard(171), KeysOf(171).First());
        await shard.PutAsync([new ShardPut(key, cluster.Text("first"))]);
        var left = await SiloOfAsync(shard);
        var desk = DeskAt(left);
        Assert.Equal([cluster.Text("first")], (await desk.GetAsync([key])).Results);

        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.Cluster.Silos.Single(silo => !silo.SiloAddress.Equals(left)).SiloAddress);
        await shard.AsReference<IGrainManagementExtension>().MigrateOnIdle();
        await cluster.UntilAsync(async () => await cluster.FindSiloAsync(shard) is { } silo && !silo.Equals(left));
        await shard.PutAsync([new ShardPut(key, cluster.Text("second"))]);

        Assert.Equal([cluster.Text("second")], (await desk.GetAsync([key])).Results);
    }

    [Fact]
    public async Task A_shard_that_is_late_or_breaks_keeps_no_other_waiting_and_is_named()
    {
        var (late, broken, well) = (KeysOf(160).First(), KeysOf(161).First(), KeysOf(162).First());
        var (gate, arrived) = cluster.Rows.Hold(cluster.Shard(160));
        var call = _many.PutAsync(
            [
                new ShardPut(late, cluster.Text("late")),
                new ShardPut(well, cluster.Text("well")),
                new ShardPut(broken, null!),
            ]).AsTask();

        // The clock stands until then: a shard that is still being activated would be late, too.
        await cluster.UntilAsync(async () => (await cluster.Shard(162).GetAsync([well]))[0] is not null);
        await arrived;

        // In small steps: the write that is held must not reach storage's timeout.
        await cluster.AdvanceUntilAsync(ShardCall.Timeout / 10, () => Task.FromResult(call.IsCompleted));

        Assert.Equal([0, 2], (await call).Unanswered.Order());
        Assert.Equal(StoreResult.Stored, (await call).Results[1]);

        // What was asked of it is done all the same.
        gate.SetResult();
        await cluster.UntilAsync(async () => (await _many.GetAsync([late])).Results[0] is not null);
    }

    [Fact]
    public async Task More_keys_than_a_call_may_have_are_refused() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _many.GetAsync(new NodeId[1025]));

    private async Task<SiloAddress> SiloOfAsync(IKeyShardGrain shard) =>
        await cluster.FindSiloAsync(shard) ?? throw new InvalidOperationException("The shard is on no silo.");

    private IShardDesk DeskAt(SiloAddress silo) => cluster.Service<SiloServices<IShardDesk>>(silo).At(silo);

    private static GrainId AddressAt(ClusterFixture cluster, SiloAddress silo) =>
        cluster.Service<SiloServices<IShardDesk>>(silo).At(cluster.Service<ILocalSiloDetails>(silo).GatewayAddress).GetGrainId();

    private static IEnumerable<NodeId> KeysOf(long shard) => Samples.KeysOf(shard, ClusterFixture.ShardBits);
}
