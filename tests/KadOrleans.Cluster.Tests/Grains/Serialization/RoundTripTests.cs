using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.Grains;

public class RoundTripTests
{
    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    [Fact]
    public void Core_types_come_back_equal() => Randomized.ForSeeds(200, random =>
    {
        Same(random.NextId());
        Same(random.NextEndpoint());
        Same(random.NextContact());
        Same(random.NextSource());
        Same(random.NextValue());
        Same(default(DhtValue));
        Same(random.NextStored());
        Same(NextRange(random));
        Same(new BucketRoom(NextRange(random), random.Next(2) == 0));
        Same(new BucketSummary(random.NextId(), random.Next(161), random.Next(20), random.Next(100), random.NextTime()));
        Same(new ContactObservation((ObservationKind)random.Next(4), random.NextContact()));
        var snapshot = new RoutingTableSnapshot(
            random.NextId(), random.NextLong(), Contacts(random), [new BucketRoom(NextRange(random), true)]);
        Same(snapshot);
        Same(RoutingTableSnapshot.Empty(random.NextId()));
    });

    [Fact]
    public void What_grains_and_edges_say_comes_back_equal() => Randomized.ForSeeds(200, random =>
    {
        Same(new ClusterSettings(random.Next(17)));
        Same(new ClusterSettings(3) { Kademlia = new KademliaOptions { BucketSize = random.Next(64), PublishInterval = TimeSpan.FromTicks(random.NextLong()) } });
        Same(new ShardPut(random.NextId(), random.NextStored()) { TellsWhy = random.Next(2) == 0 });
        Same(new ShardUsage(random.NextLong(), random.NextLong()));
        Same(new TableAnswer { IsFenced = random.Next(2) == 0, Added = Contacts(random), Checks = Contacts(random), Version = random.NextLong() });
        Same(new EdgeLease(random.NextLong(), [random.NextId(), random.NextId()], new ClusterSettings(3)));
        Same(Report(random));
        Same<EdgeWork>(new RefreshBucketsWork(random.NextId(), [NextRange(random), NextRange(random)]));
        Same<EdgeWork>(new RandomWalkWork(random.NextId()));
        Same<EdgeWork>(new RejoinWork(random.NextId()));
        Same(Lookup(random));
        var found = random.Next(2) == 0 ? default(DhtValue?) : random.NextValue();
        Same(new GetResult(found, Lookup(random) with { Value = found }));
        Same(new SetResult { Local = (StoreResult)random.Next(6), Stored = 1, Refused = 2, Failed = 3, Lookup = Lookup(random) });
        Same(new SetResult());
        Same(new PingResult(random.NextId(), null, TimeSpan.FromTicks(random.NextLong())));
        Same(new ClusterStatus(new ClusterSettings(5), [new EdgeStatus("edge", ["a", "b"], Report(random))]));
    });

    [Fact]
    public void Stored_states_come_back_equal() => Randomized.ForSeeds(100, random =>
    {
        Same(new ShardLogState { Sequence = random.NextLong(), Attempt = random.NextLong(), IsCompacted = true, Entries = random.NextBytes(99) });
        Same(new ShardPageState { Compaction = random.NextLong(), Entries = random.NextBytes(99) });
        Same(new ShardManifestState { Compaction = 3, FirstSequence = random.NextLong(), Pages = [new ShardPageReference(4, 2)] });
        Same(new ClusterState { ShardBits = random.Next(17) });
        Same(new EdgeDirectoryState { Edges = { ["edge"] = new EdgeState(random.NextLong(), ["a", "b"]) } });
        Same(new TableState { Activations = 7, Epoch = random.NextLong(), Buckets = TableMapping.ToStored(Table(random).Save()) });
    });

    [Fact]
    public void A_table_survives_its_stored_form() => Randomized.ForSeeds(50, random =>
    {
        var saved = Table(random).Save();
        Deep.Equal(saved.Buckets, TableMapping.ToCore(TableMapping.ToStored(saved)));
    });

    [Fact]
    public void Exceptions_keep_their_message()
    {
        var lost = Serializer.Deserialize<Exception>(Serializer.SerializeToArray<Exception>(new LeaseLostException("who")));
        Assert.Equal("who", Assert.IsType<LeaseLostException>(lost).Message);
        var none = Serializer.Deserialize<Exception>(Serializer.SerializeToArray<Exception>(new NoLiveEdgeException("where")));
        Assert.Equal("where", Assert.IsType<NoLiveEdgeException>(none).Message);
    }

    private static void Same<T>(T value) => Deep.Equal(value, Serializer.Deserialize<T>(Serializer.SerializeToArray(value)));

    private static BucketRange NextRange(SeededRandomSource random) => new(random.NextId(), random.Next(161));

    private static List<Contact> Contacts(SeededRandomSource random) =>
        [.. Enumerable.Range(0, random.Next(30)).Select(_ => random.NextContact())];

    private static EdgeReport Report(SeededRandomSource random) => new()
    {
        Endpoints = [random.NextEndpoint()],
        Contacts = random.Next(1000),
        Counts = new Dictionary<string, long> { ["requests"] = random.NextLong() },
    };

    private static LookupOutcome Lookup(SeededRandomSource random) => new()
    {
        Target = default,
        Reason = (TerminationReason)random.Next(3),
        Closest = Contacts(random),
        Asked = random.Next(99),
        Answered = random.Next(99),
        Failed = random.Next(99),
        Hops = random.Next(9),
    };

    private static RoutingTable Table(SeededRandomSource random)
    {
        var table = new RoutingTable(random.NextId(), new KademliaOptions { BucketSize = 4 }, new SubnetDiversity(), Samples.Now);
        for (var i = 0; i < 60; i++)
        {
            table.Apply(ContactObservation.Answered(random.NextContact()), Samples.Now.AddSeconds(i));
        }

        return table;
    }
}
