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
            // A silo that has just started may refuse it for a while, until the silos agree on their state's version.
            await Eventually.ReadAsync(
                async () => Assert.Single(await silo.Grains.GetGrain<IKeyShardGrain>(0).PutAsync([put])), result => result == StoreResult.Stored);
        }

        await using var again = await HostedSilo.StartAsync(Folder);
        var shard = again.Grains.GetGrain<IKeyShardGrain>(0).GetGrainId();
        await Eventually.ReadAsync(() => again.Services.GetRequiredService<IReminderTable>().ReadRows(shard), rows => rows.Reminders.Count > 0);
    }
}
