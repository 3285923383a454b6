using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>Which edge sends a due key.</summary>
public sealed class EdgeSharesTests
{
    private readonly SeededRandomSource _random = new(5);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Each_edge_has_the_same_share(int count)
    {
        var shares = EdgeShares.Among([.. Enumerable.Range(0, count).Select(i => Edge($"{i}"))]);

        var sent = Keys(21_000).CountBy(key => shares.FindSender(key).Edge.Name).ToDictionary();

        Assert.Equal(count, sent.Count);
        Assert.All(sent.Values, keys => Assert.InRange(keys, 0.93 * 21_000 / count, 1.07 * 21_000 / count));
    }

    [Fact]
    public void Each_id_of_an_edge_has_the_same_share_of_the_edges()
    {
        var shares = EdgeShares.Among([Edge("one"), Edge("two", ids: 4)]);

        var sent = Keys(16_000).CountBy(key => shares.FindSender(key).NodeId).ToDictionary();

        Assert.Equal(5, sent.Count);
        Assert.Equal([2, 2, 2, 2, 8], sent.Values.Order().Select(keys => (int)Math.Round(keys / 1_000.0)));
    }

    [Fact]
    public void The_keys_of_a_region_have_one_sender_or_two()
    {
        var shares = EdgeShares.Among([.. Enumerable.Range(0, 5).Select(i => Edge($"{i}"))]);

        Assert.All(
            Keys(10_000).GroupBy(key => key.Prefix(6)),
            region => Assert.InRange(region.Select(key => shares.FindSender(key).Edge.Name).Distinct().Count(), 1, 2));
    }

    [Fact]
    public void What_an_edge_had_that_left_is_divided_among_the_others_and_nothing_else_moves()
    {
        List<LiveEdge> edges = [.. Enumerable.Range(0, 6).Select(i => Edge($"{i}"))];
        var shares = EdgeShares.Among(edges);
        var keys = Keys(5_000);
        for (; edges.Count > 1; edges.RemoveAt(_random.Next(edges.Count)))
        {
            var before = shares;
            shares = before.Update([.. edges, Edge("newcomer")]);

            Assert.Equal(edges, shares.Edges);
            Assert.All(keys, key => Assert.Contains(shares.FindSender(key).Edge, edges));
            Assert.All(
                keys.Where(key => edges.Contains(before.FindSender(key).Edge)),
                key => Assert.Equal(before.FindSender(key), shares.FindSender(key)));
        }

        var last = keys.CountBy(key => shares.FindSender(key).Edge.Name).ToDictionary();
        Assert.Equal(2, last.Count);
        Assert.All(last.Values, count => Assert.InRange(count, 1_500, 3_500));
    }

    [Fact]
    public void Once_all_have_left_those_that_came_share_all()
    {
        var shares = EdgeShares.Among([Edge("one"), Edge("other")]).Update([]);
        Assert.True(shares.IsEmpty);

        Assert.Equal("new", shares.Update([Edge("new")]).FindSender(NodeId.MinValue).Edge.Name);
    }

    [Fact]
    public void Once_all_have_left_none_has_what_it_had_though_it_comes_back()
    {
        var (one, other) = (Edge("one"), Edge("other"));
        var both = EdgeShares.Among([one, other]);
        var rest = both.Without(other);

        Assert.All(Keys(100), key => Assert.Equal(both.FindSender(key).Edge == one, both.HasSameSender(key, rest)));
        Assert.All(Keys(100), key => Assert.False(both.HasSameSender(key, rest.Without(one))));
        Assert.All(Keys(100), key => Assert.False(both.HasSameSender(key, rest.Update([other]))));
        Assert.All(Keys(100), key => Assert.False(both.HasSameSender(key, rest.Without(one).Update([one, other]))));
    }

    [Fact]
    public void An_edge_that_was_leased_again_is_another()
    {
        var (one, other) = (Edge("one"), Edge("other"));
        var shares = EdgeShares.Among([one, other]).Update([one with { Epoch = 2 }, other]);

        Assert.Equal([other], shares.Edges);
    }

    [Fact]
    public void An_edge_that_serves_no_node_id_has_no_share()
    {
        var (without, one) = (Edge("without", ids: 0), Edge("one"));
        var shares = EdgeShares.Among([without, one]);

        Assert.All(Keys(100), key => Assert.Equal(one, shares.FindSender(key).Edge));
        Assert.True(EdgeShares.Among([without]).IsEmpty);
        Assert.True(shares.Update([without]).IsEmpty);
        Assert.Same(shares, shares.Update([one, without]));
    }

    [Fact]
    public void As_long_as_all_stay_the_shares_do()
    {
        var (one, other) = (Edge("one"), Edge("other"));
        var shares = EdgeShares.Among([one, other]);

        Assert.Same(shares, shares.Update([other with { Observer = new TestEdge() }, one, Edge("newcomer")]));
    }

    private LiveEdge Edge(string name, int ids = 1) =>
        new(name, 1, [.. Enumerable.Range(0, ids).Select(_ => Key())], new TestEdge());

    private List<NodeId> Keys(int count) => [.. Enumerable.Range(0, count).Select(_ => Key())];

    private NodeId Key() => NodeId.Random(_random);
}
