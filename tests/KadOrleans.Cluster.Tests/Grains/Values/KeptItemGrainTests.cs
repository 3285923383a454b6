using KadOrleans.Core.Items;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Items that a cluster keeps for their owners (ADR 46).</summary>
[Collection(ShardCluster.Name)]
public sealed class KeptItemGrainTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const int Bits = ClusterFixture.ShardBits;

    private DateTimeOffset Now => cluster.TimeOfDay.GetUtcNow();

    // A silo hears of the schema's rise with its next report.
    public async ValueTask InitializeAsync() => await cluster.AdvanceUntilAsync(
        StateVersionService.Interval,
        () => Task.FromResult(cluster.Services<StateVersion>().All(version => version.Written >= StateSchema.Kept)));

    public ValueTask DisposeAsync()
    {
        cluster.Rows.Heal();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_move_and_a_split_keep_it(bool isSplit)
    {
        var (item, newer) = (ItemOf(isSplit, seq: 1), ItemOf(isSplit, seq: 2));
        var until = new DateTimeOffset(Now.AddDays(900).Date, TimeSpan.Zero);
        var set = await cluster.Dht.KeepAsync(item.Key, item.ToValue(), until, TestContext.Current.CancellationToken);
        Assert.Equal(StoreResult.Stored, set.Local);
        var shard = cluster.Shard(cluster.Service<ClusterShards>().Layout.ShardOf(item.Key));
        await cluster.Cluster.DeactivateAsync(shard);
        Assert.Equal(until, (await shard.GetAsync([item.Key]))[0]!.KeptUntil);
        if (isSplit)
        {
            await shard.SplitAsync();
            await cluster.Cluster.DeactivateAsync(shard);
        }

        // By an edge of a release before, which knows of no mark.
        var copy = new StoredValue(newer.ToValue(), Now, Now.AddDays(1), StoredValues.Alice);
        Assert.Equal([StoreResult.Stored], await shard.PutAsync([new ShardPut(item.Key, copy, PutKind.Copy)]));
        var held = (await shard.GetAsync([item.Key]))[0]!;
        Assert.Equal((newer.ToValue(), until), (held.Value, held.KeptUntil));
        Assert.Contains(item.Key, await shard.GetDueForRepublishAsync(Now.AddHours(1), null, 1_024));
        Assert.Equal([true], await shard.UnpublishAsync([item.Key]));
        Assert.Equal([false], await shard.UnpublishAsync([item.Key]));
        Assert.Null((await shard.GetAsync([item.Key]))[0]!.KeptUntil);
    }

    [Fact]
    public async Task Each_shard_keeps_its_part_of_what_the_cluster_may()
    {
        Assert.Equal(2 * 100_000 / 256, ShardQuota.Of(new StoreQuota { KeptKeys = 100_000 }, Bits).KeptKeys - 16);
        var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await cluster.Dht.KeepAsync(ItemOf(false, 1).Key, ItemOf(false, 1).ToValue(), Now.AddDays(-1), TestContext.Current.CancellationToken));
        Assert.StartsWith("The item is to be kept until", refused.Message, StringComparison.Ordinal);
    }

    // Neither a client's call nor an import is acknowledged by a silo that must not write the mark.
    [Fact]
    public async Task None_is_taken_while_the_cluster_writes_an_earlier_schema()
    {
        await using var before = new ClusterFixture
        {
            Silos = 1,
            Configure = options => (options.ShardBits, options.StateVersion, options.CrawlInterval) = (0, StateSchema.Kept - 1, TimeSpan.Zero),
        };
        await before.InitializeAsync();
        var item = ItemOf(isSplit: false, seq: 1);
        var call = await Assert.ThrowsAnyAsync<Exception>(async () =>
            await before.Dht.KeepAsync(item.Key, item.ToValue(), Now.AddDays(900), TestContext.Current.CancellationToken));
        var kept = new StoredValue(item.ToValue(), Now, Now.AddDays(9), default) { IsKept = true };
        var import = await Assert.ThrowsAnyAsync<Exception>(async () => await before.Shard(0).PutAsync([new ShardPut(item.Key, kept, PutKind.Import)]));

        Assert.All([call, import], refused => Assert.Equal(StateSchema.NotKept, refused.Message));
        Assert.Equal([null], await before.Shard(0).GetAsync([item.Key]));
    }

    private static Item ItemOf(bool isSplit, int seq) => SignedItems.Sign(seq, $"i{seq}e", isSplit ? "split" : "moved");
}
