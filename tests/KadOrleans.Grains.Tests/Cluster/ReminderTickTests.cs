using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Routing;
using KadOrleans.Grains.Values;

namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>Reminders that come twice, late or not at all.</summary>
public sealed class ReminderTickTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>, IDisposable
{
    private const long Shard = 201;

    private readonly TestEdge _edge = new();

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task Ticks_of_a_table_that_come_twice_or_hours_late_change_nothing_and_hand_over_one_piece_of_work()
    {
        var id = Samples.Key(20);
        var table = cluster.Table(id);
        var reference = cluster.Reference(_edge);
        await table.SubscribeAsync(1, reference);
        await table.ObserveAsync(1, [ContactObservation.Answered(new Contact(Samples.Key(21), UdpEndpoint.Parse("127.0.0.1:21")))]);
        var before = await StateOfAsync(table);

        // Three hours without a tick, then each of those missed at once.
        for (var round = 1; round <= 2; round++)
        {
            cluster.Clock.Advance(TimeSpan.FromHours(3));
            await table.SubscribeAsync(1, reference);
            await TickAsync(table, TableReminders.Walk, 36);
            await TickAsync(table, TableReminders.Refresh, 3);
            await cluster.UntilAsync(() => Task.FromResult(_edge.Work.Count >= 2 * round));
            Assert.Equal(
                (round, round), (_edge.Work.OfType<RandomWalkWork>().Count(), _edge.Work.OfType<RefreshBucketsWork>().Count()));
        }

        Assert.Equal(before, await StateOfAsync(table));
    }

    [Fact]
    public async Task A_tick_of_a_table_whose_edge_is_gone_changes_nothing()
    {
        var table = cluster.Table(Samples.Key(22));
        await table.SubscribeAsync(1, cluster.Reference(_edge));
        await table.ObserveAsync(1, [ContactObservation.Answered(new Contact(Samples.Key(23), UdpEndpoint.Parse("127.0.0.1:23")))]);
        var before = await StateOfAsync(table);
        cluster.Clock.Advance(TimeSpan.FromHours(1));
        await TickAsync(table, TableReminders.Walk, 2);
        await TickAsync(table, TableReminders.Refresh, 2);
        Assert.Equal(before, await StateOfAsync(table));
        Assert.Empty(_edge.Work);

        // The edge that comes back is handed work as before.
        await table.SubscribeAsync(1, cluster.Reference(_edge));
        await TickAsync(table, TableReminders.Walk, 1);
        await cluster.UntilAsync(() => Task.FromResult(_edge.Work.OfType<RandomWalkWork>().Any()));
    }

    [Fact]
    public async Task Ticks_of_a_shard_that_come_twice_or_hours_late_remove_what_is_expired_once()
    {
        var shard = cluster.Shard(Shard);
        var keys = Samples.KeysOf(Shard, ClusterFixture.ShardBits).Take(3).ToList();
        var lasting = Samples.Text("lasting") with { ExpiresAt = cluster.Clock.GetUtcNow() + TimeSpan.FromDays(9) };
        var brief = lasting with { ExpiresAt = cluster.Clock.GetUtcNow() + TimeSpan.FromMinutes(1) };
        await shard.PutAsync([new ShardPut(keys[0], lasting), new ShardPut(keys[1], brief), new ShardPut(keys[2], brief)]);

        // A tick too early finds nothing to do; while those of three hours are missed, what is expired is not served.
        var writes = Writes(shard);
        await TickAsync(shard, ExpiryReminder.Name, 2);
        Assert.Equal((3, writes), ((await shard.GetUsageAsync()).Keys, Writes(shard)));
        cluster.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal([lasting, null, null], await shard.GetAsync(keys));

        await TickAsync(shard, ExpiryReminder.Name, 3);
        await cluster.UntilAsync(async () => (await shard.GetUsageAsync()).Keys == 1);
        var usage = await shard.GetUsageAsync();
        writes = Writes(shard);
        await TickAsync(shard, ExpiryReminder.Name, 3);
        Assert.Equal((usage, writes), (await shard.GetUsageAsync(), Writes(shard)));
        await cluster.Cluster.DeactivateAsync(shard);
        await TickAsync(shard, ExpiryReminder.Name, 2);
        Assert.Equal(usage, await shard.GetUsageAsync());
        Assert.Equal([lasting, null, null], await shard.GetAsync(keys));
    }

    private int Writes(IKeyShardGrain shard) => cluster.Rows.Writes[shard.GetGrainId()];

    private async Task TickAsync(IAddressable grain, string name, int times)
    {
        var remindable = cluster.Client.GetGrain<IRemindable>(grain.GetGrainId());
        var status = new TickStatus(default, TimeSpan.FromMinutes(5), default);
        await Task.WhenAll(Enumerable.Range(0, times).Select(_ => remindable.ReceiveReminder(name, status)));
    }

    private static async Task<string> StateOfAsync(IRoutingTableGrain table)
    {
        var snapshot = await table.GetSnapshotAsync();
        return $"{snapshot.Version}: {string.Join(',', snapshot.Contacts)}; {string.Join(',', await table.DescribeAsync())}";
    }
}
