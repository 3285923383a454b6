using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Calls through a cluster against the upkeep of its edges, over real UDP.</summary>
[Trait("Tier", "Long")]
public sealed class ClusterRaceTests(TestCluster cluster, ITestOutputHelper output) : IClassFixture<TestCluster>
{
    // KAD_RACES=1000 runs the number of docs/failure-modes.md.
    private static readonly int Races =
        int.Parse(Environment.GetEnvironmentVariable("KAD_RACES") ?? "200", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(RacedCall.Set)]
    [InlineData(RacedCall.SetDurably)]
    [InlineData(RacedCall.SetForLife)]
    [InlineData(RacedCall.Unpublish)]
    [InlineData(RacedCall.Delete)]
    public async Task No_acknowledged_call_is_undone(RacedCall call)
    {
        await using var network = new SlowNetwork(TimeSpan.FromSeconds(0.4));
        (string, string)[] bootstrap = [("Bootstrap", $"{network.Holders[0].Endpoint}")];
        await using var one = await TestEdge.ServeAsync(cluster.Client, $"races {call} one", bootstrap);
        await using var other = await TestEdge.ServeAsync(cluster.Client, $"races {call} other", bootstrap);
        var live = await cluster.Directory.GetLiveAsync();
        foreach (var (edge, sibling) in new[] { (one, other), (other, one) })
        {
            await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts >= network.Holders.Count, edge.Describe);

            // Each other too. Once they have known each other for a minute, what one sends the other is compared with the shards that both serve.
            await live.Single(e => e.NodeIds.Contains(edge.Ids[0])).Observer.PingAsync(sibling.Endpoints[0]);
            await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts > network.Holders.Count, edge.Describe);
        }

        var result = await UpkeepRaces.RunAsync(
            new RacedCluster(cluster, network, [one.Ids[0], other.Ids[0]]), network, call, Races, together: 340, seed: 1);

        output.WriteLine($"{call}: {result}");
        Assert.True((Races, 0, 0) == (result.Acknowledged, result.Undone, result.Overtaken), $"{result}");
    }

    private sealed class RacedCluster(TestCluster cluster, SlowNetwork network, NodeId[] edges) : IRacedDht
    {
        private readonly NodeId[] _all = [.. network.Holders.Select(holder => holder.Id), .. edges];

        // Of keys to which twenty others are nearer edges send only what is published.
        public bool Holds(NodeId key) => edges.All(edge =>
            _all.Count(id => id.DistanceTo(key) < edge.DistanceTo(key)) < new KademliaOptions().BucketSize);

        public IDht Dht => cluster.Service<IDht>();

        public IDhtAdmin Admin => cluster.Admin;

        public async Task PrepareAsync(NodeId key, DhtValue value, bool isPublished)
        {
            var now = DateTimeOffset.UtcNow;
            var held = new StoredValue(value, now - TimeSpan.FromHours(2), now.AddDays(6), isPublished ? SourceNetwork.Trusted : StoredValues.Alice)
            {
                PublishedAt = isPublished ? now - TimeSpan.FromHours(25) : null,
            };
            Assert.Equal([StoreResult.Stored], await cluster.ShardOf(key).PutAsync([new ShardPut(key, held, PutKind.Import)]));
        }

        public async Task<(DhtValue? Held, DhtValue? Published)> ReadAsync(NodeId key)
        {
            var held = (await cluster.ShardOf(key).GetAsync([key]))[0];
            return (held?.Value, held?.PublishedAt is null ? default(DhtValue?) : held.Value);
        }
    }
}
