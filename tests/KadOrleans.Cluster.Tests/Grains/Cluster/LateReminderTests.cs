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

    /// <summary>On a busy machine hours may pass for a clock between a row's writing and its end.</summary>
    [Fact]
    public async Task A_reminder_during_whose_setting_the_clock_moved_on_is_looked_at_again()
    {
        const long number = 9;
        var isAhead = false;
        ClusterFixture? own = null;
        await using var started = own = new ClusterFixture { AddServices = services => TestReminders.Replace(services, AfterwardsAsync) };
        await own.InitializeAsync();
        var shard = own.Shard(number);
        var put = new ShardPut(Samples.KeysOf(number, ClusterFixture.ShardBits).First(), own.Text("value"));
        await own.UntilAsync(async () =>
        {
            await shard.PutAsync([put]);
            return isAhead
                && await own.Service<IReminderTable>().ReadRow(shard.GetGrainId(), KeyShardGrain.Expiry) is { } row
                && row.StartAt < (own.Clock.GetUtcNow() + TimeSpan.FromHours(1.1)).UtcDateTime;
        });

        async Task<string?> AfterwardsAsync(ReminderEntry row, Func<ReminderEntry, Task<string?>> upsert)
        {
            if (isAhead || row.ReminderName != KeyShardGrain.Expiry)
            {
                return await upsert(row);
            }

            row.StartAt += TimeSpan.FromDays(30);
            var tag = await upsert(row);
            own!.Clock.MoveTo(own.Clock.Elapsed + TimeSpan.FromHours(3));
            isAhead = true;
            return tag;
        }
    }

    [Fact]
    public async Task Reminders_come_as_often_as_short_intervals_ask_and_in_place_of_rarer_ones()
    {
        await using var own = new ClusterFixture();
        var configure = own.Configure;
        own.Configure = options =>
        {
            configure(options);
            options.Kademlia.RepublishInterval = TimeSpan.FromMinutes(12);
            options.Kademlia.BucketRefreshInterval = TimeSpan.FromMinutes(12);
        };
        await own.InitializeAsync();
        var shard = own.Shard(7);
        var put = new ShardPut(Samples.KeysOf(7, ClusterFixture.ShardBits).First(), own.Text("value"));
        await shard.PutAsync([put]);
        await own.UntilAsync(() => TicksEachAsync(shard.GetGrainId(), KeyShardGrain.Expiry, TimeSpan.FromMinutes(12)));
        var table = own.Table(Samples.Key(1));
        await table.SubscribeAsync(1, own.Reference(new TestEdge()));
        await own.UntilAsync(() => TicksEachAsync(table.GetGrainId(), RoutingTableGrain.Refresh, TimeSpan.FromMinutes(2)));

        // As another period would have set it.
        var reminders = own.Service<IReminderTable>();
        var row = await reminders.ReadRow(shard.GetGrainId(), KeyShardGrain.Expiry);
        row!.Period = TimeSpan.FromHours(1);
        await reminders.UpsertRow(row);
        await shard.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await own.UntilAsync(async () =>
        {
            await shard.PutAsync([put]);
            return await TicksEachAsync(shard.GetGrainId(), KeyShardGrain.Expiry, TimeSpan.FromMinutes(12));
        });

        async Task<bool> TicksEachAsync(GrainId grain, string name, TimeSpan period) =>
            await own.Service<IReminderTable>().ReadRow(grain, name) is { } row && row.Period == period;
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
