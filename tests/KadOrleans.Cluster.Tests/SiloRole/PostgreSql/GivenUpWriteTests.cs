namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql)]
public sealed class GivenUpWriteTests(PostgreSqlSilo silo) : IClassFixture<PostgreSqlSilo>
{
    private int _keys;

    [Fact]
    public async Task First_writes_that_were_given_up_and_commit_later_leave_a_shard_that_can_be_written_and_read()
    {
        NodeId first, second;
        await using (var gate = await InsertGate.CloseAsync(silo.Server))
        {
            (first, var result) = await PutAsync();
            Assert.Equal(StoreResult.StorageFailed, result);
            (second, result) = await PutAsync();
            Assert.Equal(StoreResult.StorageFailed, result);
            await gate.OpenAsync();
        }

        (NodeId Key, StoreResult Result) third;
        do
        {
            third = await PutAsync();
        }
        while (third.Result != StoreResult.Stored);

        await silo.RestartAsync();

        var read = await Shard.GetAsync([third.Key, first, second]);
        Assert.NotNull(read[0]);
        Assert.Equal(StoreResult.Stored, (await PutAsync()).Result);
    }

    private IKeyShardGrain Shard => silo.Grains.GetGrain<IKeyShardGrain>(0);

    private async Task<(NodeId Key, StoreResult Result)> PutAsync()
    {
        var key = NodeId.Parse($"{++_keys:x40}");
        var now = DateTimeOffset.UtcNow;
        var value = new StoredValue(DhtValue.FromString($"{key}"), now, now + TimeSpan.FromDays(1), default);
        return (key, Assert.Single(await Shard.PutAsync([new ShardPut(key, value)])));
    }
}
