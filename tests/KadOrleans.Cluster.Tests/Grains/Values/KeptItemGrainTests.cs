using KadOrleans.Core.Items;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Items that a cluster keeps for their owners (ADR 46).</summary>
[Collection(ShardCluster.Name)]
public sealed class KeptItemGrainTests(ClusterFixture cluster) : IDisposable
{
    private const int Bits = ClusterFixture.ShardBits;

    private DateTimeOffset Now => cluster.TimeOfDay.GetUtcNow();

    public void Dispose() => cluster.Rows.Heal();

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

        // As the network sends it, without a mark.
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

    private static Item ItemOf(bool isSplit, int seq) => SignedItems.Sign(seq, $"i{seq}e", isSplit ? "split" : "moved");
}
