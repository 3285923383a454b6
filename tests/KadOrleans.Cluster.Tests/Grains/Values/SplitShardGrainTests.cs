namespace KadOrleans.Cluster.Tests.Grains;

[Collection(ShardCluster.Name)]
public sealed class SplitShardGrainTests(ClusterFixture cluster) : IDisposable
{
    private const int Bits = ClusterFixture.ShardBits;

    public void Dispose() => cluster.Rows.Heal();

    [Theory]
    [InlineData(240, false)]
    [InlineData(241, true)]
    public async Task A_split_shard_passes_each_call_on(int number, bool isMoved)
    {
        var shard = cluster.Shard(number);
        var keys = Samples.KeysOf(number, Bits).Take(60).Order().ToList();
        await shard.PutAsync([.. keys.Select((key, i) => new ShardPut(key, cluster.Text($"{i}")))]);
        var (usage, sources) = (await shard.GetUsageAsync(), await shard.GetSourcesAsync(1));

        await shard.SplitAsync();
        await shard.SplitAsync();
        if (isMoved)
        {
            await cluster.Cluster.DeactivateAsync(shard);
        }

        Assert.Equal(usage, await shard.GetUsageAsync());
        Assert.Equal(new ShardSource(SourceNetwork.Trusted, 60, usage.Bytes), Assert.Single(sources.Sources));
        Assert.Equal(sources.Sources, (await shard.GetSourcesAsync(1)).Sources);
        Assert.Equal(sources.Sources, (await shard.CountSourcesAsync([SourceNetwork.Trusted])).Sources);
        Assert.Equal([cluster.Text("0"), null, cluster.Text("59")], await shard.GetAsync([keys[0], Samples.KeysOf(number, Bits).ElementAt(70), keys[59]]));
        Assert.Equal(
            [StoreResult.Stored, StoreResult.TooLarge, StoreResult.Stored],
            await shard.PutAsync(
                [new ShardPut(keys[59], cluster.Text("new")), new ShardPut(keys[30], cluster.Sized(StoreRules.MaxContentLength + 1)), new ShardPut(keys[0], Published("mine"))]));
        Assert.Equal([cluster.Text("new")], await shard.GetAsync([keys[59]]));
        for (var after = -1; after < 60; after += 7)
        {
            var page = await shard.ScanAsync(KeyRegion.Everywhere, after < 0 ? null : keys[after], 20);
            Assert.Equal(keys.Skip(after + 1).Take(20), page.Select(put => put.Key));
        }

        var due = cluster.TimeOfDay.GetUtcNow().AddHours(2);
        Assert.Equal(keys[..40], await shard.GetDueForRepublishAsync(due, null, 40));
        Assert.Equal(keys[40..], await shard.GetDueForRepublishAsync(due, keys[39], 40));
        Assert.Equal([true, false], await shard.UnpublishAsync([keys[0], keys[59]]));
        Assert.Equal([true, false, true], await shard.RemoveAsync([keys[5], Samples.KeysOf(number, Bits).ElementAt(70), keys[55]]));
        Assert.Null(await shard.GetNewsAsync(new ShardPoint(number, 0, 0)));
        Assert.Equal(58, await shard.RemoveExpiredAsync(DateTimeOffset.MaxValue));
        Assert.Equal(default, await shard.GetUsageAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.GetAsync([Samples.KeysOf(3, Bits).First()]));
    }

    [Fact]
    public async Task A_half_is_no_empty_shard_before_it_has_everything()
    {
        var half = UpperHalf(242);
        await Assert.ThrowsAnyAsync<Exception>(async () => await half.GetUsageAsync());
        await cluster.Shard(242).SplitAsync();
        Assert.Equal(default, await half.GetUsageAsync());
        await Assert.ThrowsAnyAsync<Exception>(async () => await cluster.Shard((17L << 16) | 1).GetUsageAsync());
        await Assert.ThrowsAnyAsync<Exception>(async () => await cluster.Shard((9L << 16) | 512).GetUsageAsync());
    }

    private StoredValue Published(string text) => cluster.Text(text) with { PublishedAt = cluster.TimeOfDay.GetUtcNow() };

    private IKeyShardGrain UpperHalf(int number) =>
        cluster.Shard(GrainKeys.Shard(new ShardPrefix(Bits, number).Halves.Upper, Bits));
}
