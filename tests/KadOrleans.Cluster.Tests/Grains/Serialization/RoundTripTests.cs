using static KadOrleans.Cluster.Tests.Grains.ClusterFixture;

namespace KadOrleans.Cluster.Tests.Grains;

public class RoundTripTests
{
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
    public void A_table_survives_its_stored_form() => Randomized.ForSeeds(50, random =>
    {
        var saved = Table(random).Save();
        Deep.Equal(saved.Buckets, TableMapping.ToCore(TableMapping.ToStored(saved)));
    });

    private static void Same<T>(T value) => Deep.Equal(value, Serializer.Deserialize<T>(Serializer.SerializeToArray(value)));

    private static BucketRange NextRange(SeededRandomSource random) => new(random.NextId(), random.Next(161));

    private static List<Contact> Contacts(SeededRandomSource random) =>
        [.. Enumerable.Range(0, random.Next(30)).Select(_ => random.NextContact())];

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
