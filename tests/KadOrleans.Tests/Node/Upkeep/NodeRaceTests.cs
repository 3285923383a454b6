using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Node;

/// <summary>Calls against upkeep of a node on its file, over real UDP.</summary>
[Trait("Tier", "Long")]
public sealed class NodeRaceTests(ITestOutputHelper output)
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
    public Task No_acknowledged_call_is_undone(RacedCall call) => RaceAsync(call, seed: 1, withStrangers: false);

    /// <summary>All due keys are of the regions of twenty nodes: one survey finds the holders of all.</summary>
    [Theory]
    [InlineData(RacedCall.Set, 2)]
    [InlineData(RacedCall.SetDurably, 4)]
    [InlineData(RacedCall.Unpublish, 5)]
    public Task None_is_undone_by_sweeps_and_by_copies_that_other_holders_send_meanwhile(RacedCall call, int seed) =>
        RaceAsync(call, seed, withStrangers: true);

    private async Task RaceAsync(RacedCall call, int seed, bool withStrangers)
    {
        using var folder = new TemporaryFolder();
        await using var network = new SlowNetwork(TimeSpan.FromSeconds(0.4));
        await using var database = SqliteDatabase.Open(folder.Path, new(StoreQuota.Unlimited) { MaxPublications = 10_000 });
        var (store, publications) = (new SqliteKeyStore(database), new SqlitePublicationStore(database));
        var options = new KadNodeOptions { Quota = StoreQuota.Unlimited };
        Without.Walks(options);
        await using var node = new KadNode(
            options, UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")), store, new InMemoryNodeStateStore(), publications: publications);
        await node.StartAsync(TestContext.Current.CancellationToken);
        await node.BootstrapAsync([$"{network.Holders[0].Endpoint}"], TestContext.Current.CancellationToken);
        await Eventually.IsTrueAsync(() => node.RoutingTable.Count == network.Holders.Count);

        var (random, endpoint) = (new SeededRandomSource(seed), node.Engine.LocalEndpoints[0]);
        var gate = new Lock();
        var result = await UpkeepRaces.RunAsync(
            new RacedNode(node, store, publications), network, call, Races, together: 340, seed, withStrangers ? StoreElsewhere : null);

        output.WriteLine($"{call}: {result}");
        Assert.True((Races, 0, 0) == (result.Acknowledged, result.Undone, result.Overtaken), $"{result}");

        void StoreElsewhere(NodeId key, DhtValue value, TimeSpan life)
        {
            lock (gate)
            {
                var holder = network.Holders[random.Next(network.Holders.Count)];
                holder.Store(endpoint, MessageId.Random(random), new StoreRequest(holder.Id, key, value, (uint)life.TotalSeconds));
            }
        }
    }

    private sealed class RacedNode(KadNode node, IKeyStore store, IPublicationStore publications) : IRacedDht
    {
        public IDht Dht => node;

        public IDhtAdmin Admin => node.Admin;

        public bool Holds(NodeId key) => RepublishPolicy.IsResponsible(key, node.RoutingTable, new KademliaOptions().BucketSize);

        public async Task PrepareAsync(NodeId key, DhtValue value, bool isPublished)
        {
            var now = DateTimeOffset.UtcNow;
            var (publishedAt, source) = (now - TimeSpan.FromHours(25), isPublished ? SourceNetwork.Trusted : StoredValues.Alice);
            var held = new StoredValue(value, isPublished ? now : now - TimeSpan.FromHours(2), now.AddDays(6), source);
            Assert.Equal(StoreResult.Stored, await store.PutAsync(key, held, PutKind.Import));
            if (isPublished)
            {
                Assert.Equal(StoreResult.Stored, await publications.PutAsync(key, new Publication(value, publishedAt)));
            }
        }

        public async Task<(DhtValue? Held, DhtValue? Published)> ReadAsync(NodeId key) =>
            ((await store.GetAsync(key, DateTimeOffset.UtcNow))?.Value, (await publications.GetAsync(key))?.Value);
    }
}
