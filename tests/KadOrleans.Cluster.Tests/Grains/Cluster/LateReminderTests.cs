using Orleans.Core.Internal;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Reminders that were set while a clock was ahead.</summary>
public sealed class LateReminderTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Theory]
    [InlineData(251, 1)]
    [InlineData(252, 30 * 24)]
    public async Task A_reminder_that_was_set_by_a_clock_ahead_ticks_after_the_grains_next_start(long number, int hours)
    {
        var shard = cluster.Shard(number);
        await SetAheadAsync(shard, number, hours);

        await shard.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await cluster.UntilAsync(() => TicksSoonAsync(shard, number));
    }

    [Fact]
    public async Task A_reminder_whose_ticks_are_missing_is_set_anew_without_a_start()
    {
        const long number = 253;
        var shard = cluster.Shard(number);
        await SetAheadAsync(shard, number, hours: 30 * 24);

        cluster.Clock.MoveTo(cluster.Clock.Elapsed + TimeSpan.FromHours(3));
        await cluster.UntilAsync(() => TicksSoonAsync(shard, number));
    }

    private async Task SetAheadAsync(IKeyShardGrain shard, long number, int hours)
    {
        await PutAsync(shard, number, 0);
        await cluster.UntilAsync(async () => await ReadAsync(shard) is not null);

        // As the row is after a clock that was ahead.
        var row = (await ReadAsync(shard))!;
        row.StartAt += TimeSpan.FromHours(hours + 1);
        await cluster.Service<IReminderTable>().UpsertRow(row);
        Assert.False(await TicksSoonAsync(shard, number));
    }

    // A put has the shard look after its reminder.
    private async Task<bool> TicksSoonAsync(IKeyShardGrain shard, long number)
    {
        await PutAsync(shard, number, 1);
        return (await ReadAsync(shard))!.StartAt < (cluster.Clock.GetUtcNow() + TimeSpan.FromHours(1.1)).UtcDateTime;
    }

    private async Task PutAsync(IKeyShardGrain shard, long number, int key) => await shard.PutAsync(
        [new ShardPut(Samples.KeysOf(number, ClusterFixture.ShardBits).Skip(key).First(), cluster.Text("value"))]);

    private Task<ReminderEntry?> ReadAsync(IKeyShardGrain shard) =>
        cluster.Service<IReminderTable>().ReadRow(shard.GetGrainId(), KeyShardGrain.Expiry)!;
}
