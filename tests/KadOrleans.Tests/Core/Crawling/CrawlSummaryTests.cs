namespace KadOrleans.Tests.Core;

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
        summary = CrawlSummary.Of([]);
        Assert.Equal((0, 0.0, null), (summary.Nodes, summary.UnreachableShare, summary.RoundTrips));
    }

    [Fact]
    public void Random_ids_hardly_ever_pass_for_uneven()
    {
        var low = 0;
        Randomized.ForSeeds(200, random =>
        {
            var balance = PrefixBalance.Of([.. Enumerable.Range(0, 1_000).Select(_ => NodeId.Random(random))]);
            low += balance is { Bits: 6, Probability: >= 0.05 } ? 0 : 1;
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
        Assert.Equal(crowd.FirstBits(6), Convert.ToInt32(balance.Fullest, 2));
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

public class CrawlMapTests
{
    [Fact]
    public void Endpoints_are_counted_by_the_digits_behind_the_prefix()
    {
        var map = new CrawlMap("A");
        map.Add(Node("a01", 1));
        map.Add(Node("a02", 2));
        map.Add(Node("aff", 3) with { State = CrawlState.Unreachable });
        map.Add(Node("b01", 4));
        map.Add(Node("a01", 5) with { State = CrawlState.Waiting });
        map.Add(Node("b01", 6) with { State = CrawlState.Unreachable, Id = null, ClaimedIds = [Id("a10")] });
        map.Add(Node("b01", 7) with { State = CrawlState.Unreachable, Id = null });

        Assert.Equal((1, 1, 2), (map.Reachable[1], map.Reachable[2], map.Reachable.Sum()));
        Assert.Equal((1, 1, 2), (map.Unreachable[0x10], map.Unreachable[0xff], map.Unreachable.Sum()));
        Assert.Equal([1, 2, 6, 3], map.Nodes!.Select(node => (int)node.Endpoint.Port));
    }

    [Fact]
    public void Many_endpoints_are_counted_alone()
    {
        var map = new CrawlMap(string.Empty);
        for (var i = 1; i <= CrawlMap.MostNodes; i++)
        {
            map.Add(Node("0", i));
        }

        Assert.Equal(CrawlMap.MostNodes, map.Nodes!.Count);
        map.Add(Node("f", 1));
        Assert.Null(map.Nodes);
        Assert.Equal((CrawlMap.MostNodes, 1), (map.Reachable[0], map.Reachable[0xf0]));
    }

    private static NodeId Id(string digits) => NodeId.Parse(digits.PadRight(40, '0'));

    private static CrawlRecord Node(string digits, int port) =>
        new() { Endpoint = UdpEndpoint.Parse($"192.0.2.1:{port}"), State = CrawlState.Visited, Id = Id(digits) };
}
