namespace KadOrleans.Tests.Lab;

public sealed class KademliaRequestsTests
{
    private static readonly Contact[] OneContact = [new(NodeId.FromKey("a"), UdpEndpoint.Parse("127.0.0.1:1"))];

    [Fact]
    public void An_answer_without_contacts_is_expected_only_of_a_target_that_has_none()
    {
        var empty = Write(buffer => ResponseWriter.WriteNodes(buffer, default, []));
        var one = Write(buffer => ResponseWriter.WriteNodes(buffer, default, OneContact));

        Assert.True(Create(BenchOperation.FindNode, hasContacts: false).IsExpected(empty));
        Assert.False(Create(BenchOperation.FindNode, hasContacts: true).IsExpected(empty));
        Assert.True(Create(BenchOperation.FindNode, hasContacts: true).IsExpected(one));
    }

    [Fact]
    public void Contacts_in_place_of_a_value_a_refusal_and_a_clients_pong_are_not_expected()
    {
        var contacts = Write(buffer => ResponseWriter.WriteNodes(buffer, default, OneContact));
        var value = Write(buffer => ResponseWriter.WriteValue(buffer, default, DhtValue.FromBytes([1])));
        var client = Write(buffer => ResponseWriter.WriteEmptyPong(buffer, default));
        var node = Write(buffer => ResponseWriter.WritePong(buffer, default, OneContact[0].Id));

        Assert.False(Create(BenchOperation.FindValue).IsExpected(contacts));
        Assert.True(Create(BenchOperation.FindValue).IsExpected(value));
        Assert.False(Create(BenchOperation.FindNode).IsExpected(value));
        Assert.False(Create(BenchOperation.Store).IsExpected(Write(buffer => ResponseWriter.WriteStored(buffer, default, stored: false))));
        Assert.True(Create(BenchOperation.Store).IsExpected(Write(buffer => ResponseWriter.WriteStored(buffer, default, stored: true))));
        Assert.False(Create(BenchOperation.Ping).IsExpected(client));
        Assert.True(Create(BenchOperation.Ping).IsExpected(node));
        Assert.All(KademliaRequests.Of(BenchOperation.Mix, hasContacts: true), request => Assert.Equal(request.Kind == RequestKind.Store, request.ValueAt > 0));
    }

    private static RequestTemplate Create(BenchOperation operation, bool hasContacts = true) =>
        Assert.Single(KademliaRequests.Of(operation, hasContacts));

    private static byte[] Write(Func<byte[], int> write)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..write(buffer)];
    }
}

public sealed class GarbageCollectionsTests
{
    [Fact]
    public void Collections_between_two_status_reports_are_counted()
    {
        var before = GarbageCollections.Parse(JsonNode.Parse("""{"gen0":5,"gen1":3,"gen2":1}""")!);
        var after = GarbageCollections.Parse(JsonNode.Parse("""{"gen0":9,"gen1":4,"gen2":1}""")!);

        Assert.Equal(new GarbageCollections(4, 1, 0), after - before);
        Assert.Equal(after, before + (after - before));
        Assert.Equal("4 (generation 1: 1, generation 2: 0)", (after - before).ToString());
        Assert.Equal("0", default(GarbageCollections).ToString());
    }
}

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Quantiles_are_within_a_thirty_second_of_the_sorted_ones()
    {
        var random = new Random(1);
        var histogram = new LatencyHistogram();
        var added = new List<long>();
        for (var i = 0; i < 5_000; i++)
        {
            // Evenly over the orders of magnitude from 100 ns to a minute.
            var ticks = (long)Math.Exp(random.NextDouble() * Math.Log(600_000_000));
            added.Add(ticks);
            histogram.Add(TimeSpan.FromTicks(ticks));
        }

        added.Sort();
        foreach (var share in new[] { 0.001, 0.1, 0.5, 0.9, 0.99, 1 })
        {
            var exact = (double)added[(int)Math.Ceiling(share * added.Count) - 1];
            Assert.InRange(histogram.Quantile(share).Ticks, Math.Floor(exact * 31 / 32) - 1, Math.Ceiling(exact * 33 / 32) + 1);
        }

        Assert.Equal(added[^1], histogram.Quantile(1).Ticks);
        Assert.Equal(added.Count, histogram.Count);
        Assert.Equal(TimeSpan.Zero, new LatencyHistogram().Quantile(0.99));
    }
}

public sealed class LoopbackSourcesTests
{
    [Fact]
    public void Each_source_is_a_loopback_address_of_a_subnet_of_its_own_and_leads_back_to_its_source()
    {
        var endpoints = Enumerable.Range(0, LoopbackSources.Most)
            .Select(index => UdpEndpoint.FromIPv4(LoopbackSources.AddressOf(index), 1)).ToList();

        Assert.All(endpoints, endpoint => Assert.True(endpoint.IsLoopback));
        Assert.Distinct(endpoints.Select(SourceNetwork.SubnetOf));
        Assert.All(endpoints, (endpoint, index) => Assert.Equal(index, LoopbackSources.IndexOf((uint)endpoint.AddressLow)));
        Assert.All(
            ["127.0.0.1:1", "127.1.0.2:1", "127.1.250.1:1", "127.5.0.1:1", "10.1.0.1:1", "255.255.255.255:1"],
            other => Assert.Equal(-1, LoopbackSources.IndexOf((uint)UdpEndpoint.Parse(other).AddressLow)));
    }
}
