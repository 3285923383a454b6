using KadOrleans.Core.Crawling;

namespace KadOrleans.Core.Tests.Crawling;

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

    [Fact]
    public void The_longest_prefix_leaves_two_digits()
    {
        var map = new CrawlMap(new string('f', CrawlMap.LongestPrefix));
        map.Add(Node(new string('f', 40), 1));

        Assert.Equal(1, map.Reachable[255]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrawlMap(new string('f', CrawlMap.LongestPrefix + 1)));
    }

    private static NodeId Id(string digits) => NodeId.Parse(digits.PadRight(40, '0'));

    private static CrawlRecord Node(string digits, int port) =>
        new() { Endpoint = UdpEndpoint.Parse($"192.0.2.1:{port}"), State = CrawlState.Visited, Id = Id(digits) };
}
