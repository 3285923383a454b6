namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class ShardActivatorTests : FolderTests
{
    [Fact]
    public async Task After_a_restart_a_shard_that_nobody_uses_has_its_reminder_again()
    {
        var now = DateTimeOffset.UtcNow;
        var put = new ShardPut(new NodeId(new byte[NodeId.Length]), new StoredValue(DhtValue.FromString("hello"), now, now.AddDays(1), default));
        await using (var silo = await HostedSilo.StartAsync(Folder))
        {
            Assert.Equal(StoreResult.Stored, Assert.Single(await silo.Grains.GetGrain<IKeyShardGrain>(0).PutAsync([put])));
        }

        await using var again = await HostedSilo.StartAsync(Folder);
        var shard = again.Grains.GetGrain<IKeyShardGrain>(0).GetGrainId();
        await Eventually.ReadAsync(() => again.Services.GetRequiredService<IReminderTable>().ReadRows(shard), rows => rows.Reminders.Count > 0);
    }
}
