namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A day of a cluster that nobody stores into. It has storage of its own, as idle shards of other tests would be read each hour.</summary>
public sealed class IdleClusterCostTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task An_idle_cluster_costs_six_writes_an_hour_for_each_node_id_and_nothing_else()
    {
        var ids = Enumerable.Range(40, 4).Select(Samples.Key).ToList();
        var reference = cluster.Reference(new TestEdge());
        var shard = cluster.Shard(12);
        await shard.PutAsync([.. Samples.KeysOf(12, ClusterFixture.ShardBits).Take(10).Select(key => new ShardPut(key, cluster.Text("value")))]);
        await cluster.Directory.GetLiveAsync();

        // Each silo has crawls scheduled once.
        await cluster.AdvanceUntilAsync(
            ClusterFollower.Interval, () => Task.FromResult(cluster.Gate.Count<ICrawlGrain>(nameof(ICrawlGrain.ScheduleAsync)) == 2));
        var start = (await cluster.Rows.DuringAsync(SubscribeAsync))[StateNames.RoutingTable];
        Assert.Equal(((long)ids.Count, (long)ids.Count), (start.Reads, start.Writes));

        var day = await cluster.Rows.DuringAsync(async () =>
        {
            for (var minute = 0; minute < 24 * 60; minute++)
            {
                cluster.Clock.Advance(TimeSpan.FromMinutes(1));

                // An edge renews its subscription each minute, and some contact always answers.
                await SubscribeAsync();
                foreach (var id in ids)
                {
                    await cluster.Table(id).ObserveAsync(1, [ContactOf(minute % 20)]);
                }
            }
        });

        // The first saves come after 10, 20, 40 s and so on.
        var perId = day[StateNames.RoutingTable].Writes / (double)ids.Count;
        Assert.InRange(perId, 130, 150);
        Assert.Equal(day[StateNames.RoutingTable], day.Total);
        var load = new ClusterLoad { NodeIds = ids.Count, Edges = 1, Keys = 10, StartsPerMonth = 0 };
        var item = CostEstimate.Of(load, PriceList.Read().Storages[0], PriceList.Read()).Items.Single(one => one.Name == "routing tables");
        Assert.InRange(perId, 0.9 * item.Operations.Writes / ids.Count * 24 / 730, 1.05 * item.Operations.Writes / ids.Count * 24 / 730);

        async Task SubscribeAsync()
        {
            foreach (var id in ids)
            {
                await cluster.Table(id).SubscribeAsync(1, reference);
            }
        }
    }

    private static ContactObservation ContactOf(int number) => ContactObservation.Answered(
        new Contact(Samples.Key(1000 + number), UdpEndpoint.FromIPv4(0x7F000001, (ushort)(1000 + number))));
}
