using KadOrleans.Core.Crawling;
using KadOrleans.Simulation;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Crawling;

public class CrawlSummaryTests
{
    private readonly SeededRandomSource _random = new(1);

    [Fact]
    public void A_summary_counts_what_is_there()
    {
        var (twice, once, other) = (NodeId.Random(_random), NodeId.Random(_random), NodeId.Random(_random));
        CrawlRecord[] records =
        [
            Node(1, twice, contacts: 4, milliseconds: 10),
            Node(2, twice, contacts: 6, milliseconds: 30),
            Node(3, once, contacts: 8, milliseconds: 20) with { ClaimedIds = [other], IsComplete = false },
            new() { Endpoint = Endpoint(4), State = CrawlState.Unreachable, ClaimedIds = [other] },
            new() { Endpoint = Endpoint(5), State = CrawlState.NotANode },
            new() { Endpoint = Endpoint(6), State = CrawlState.Waiting },
        ];
        var summary = CrawlSummary.Of(records);

        Assert.Equal((3, 2, 2, 3), (summary.Nodes, summary.Ids, summary.Complete, summary.Addresses));
        Assert.Equal((1, 1, 1, 0.25), (summary.Unreachable, summary.NotNodes, summary.Unfinished, summary.UnreachableShare));
        Assert.Equal(new Quantiles(10, 10, 20, 30, 30, 30), summary.RoundTrips);
        Assert.Equal(new Quantiles(4, 4, 6, 8, 8, 8), summary.Contacts);
        var (id, endpoints) = Assert.Single(summary.DuplicateIds);
        Assert.Equal(twice, id);
        Assert.Equal([Endpoint(1), Endpoint(2)], endpoints);
        Assert.Same(records[2], Assert.Single(summary.SeveralIds));
        Assert.Null(summary.Balance);
    }

    [Fact]
    public void Nothing_makes_an_empty_summary()
    {
        var summary = CrawlSummary.Of([]);
        Assert.Equal((0, 0.0), (summary.Nodes, summary.UnreachableShare));
        Assert.Null(summary.RoundTrips);
    }

    [Fact]
    public void Random_ids_hardly_ever_pass_for_uneven()
    {
        var low = 0;
        Randomized.ForSeeds(200, random =>
        {
            var balance = PrefixBalance.Of([.. Enumerable.Range(0, 1_000).Select(_ => NodeId.Random(random))])!;
            Assert.Equal(6, balance.Bits);
            low += balance.Probability < 0.05 ? 1 : 0;
        });
        Assert.InRange(low, 1, 25);
    }

    [Fact]
    public void Ids_that_crowd_are_told_from_chance()
    {
        var crowd = NodeId.FromKey("crowd");
        var balance = PrefixBalance.Of(
        [
            .. Enumerable.Range(0, 1_000).Select(_ => NodeId.Random(_random)),
            .. Enumerable.Range(0, 100).Select(_ => crowd.RandomWithPrefix(30, _random)),
        ])!;

        Assert.InRange(balance.Probability, 0, 1e-9);
        Assert.InRange(balance.FullestRatio, 5, 9);
        Assert.Equal(PrefixBalance.PrefixOf(crowd, 6), Convert.ToInt32(balance.Fullest, 2));
    }

    private static UdpEndpoint Endpoint(uint index) => UdpEndpoint.FromIPv4(0x0B00_0000 + index, 8468);

    private static CrawlRecord Node(uint index, NodeId id, int contacts, int milliseconds) => new()
    {
        Endpoint = Endpoint(index),
        State = CrawlState.Visited,
        Id = id,
        Contacts = contacts,
        RoundTrip = TimeSpan.FromMilliseconds(milliseconds),
        IsComplete = true,
    };
}
