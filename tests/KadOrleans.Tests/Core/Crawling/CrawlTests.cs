namespace KadOrleans.Tests.Core;

public class CrawlTests
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(20);
    private readonly SeededRandomSource _random = new(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_falls_silent_in_between_is_reachable_and_one_without_contacts_complete_too(bool answers)
    {
        var crawl = Begin(new CrawlOptions(), 1);
        Play(crawl, _ => NodeId.MaxValue, (_, _) => answers ? [] : null);

        var record = Assert.Single(crawl.Records);
        Assert.Equal((true, NodeId.MaxValue, answers), (record.IsReachable, record.Id, record.IsComplete));
        Assert.Equal(RoundTrip, record.RoundTrip);
    }

    [Fact]
    public void Only_so_many_requests_are_under_way_and_one_to_an_endpoint()
    {
        var crawl = Begin(new CrawlOptions { Concurrency = 3 }, 10);
        var asked = new List<UdpEndpoint>();
        while (crawl.TryNext(out var query))
        {
            asked.Add(query.Endpoint);
        }

        Assert.Equal((3, 3), (asked.Count, asked.Distinct().Count()));
    }

    [Fact]
    public void A_silent_endpoint_is_pinged_a_few_times_and_given_up()
    {
        var crawl = Begin(new CrawlOptions(), 1);
        var pings = Play(crawl, _ => null, (_, _) => []);

        Assert.Equal(Crawl.MaxPings, pings);
        Assert.Equal(CrawlState.Unreachable, Assert.Single(crawl.Records).State);
    }

    [Fact]
    public void An_answer_without_an_id_is_no_node()
    {
        var crawl = Begin(new CrawlOptions { IgnoredId = NodeId.MinValue }, 2);
        Assert.True(crawl.TryNext(out var first));
        crawl.OnPong(first.Endpoint, null, RoundTrip);
        Assert.True(crawl.TryNext(out var second));
        crawl.OnPong(second.Endpoint, NodeId.MinValue, RoundTrip);

        Assert.True(crawl.IsDone);
        Assert.All(crawl.Records, r => Assert.Equal(CrawlState.NotANode, r.State));
    }

    [Fact]
    public void Addresses_that_a_stranger_has_no_say_over_are_not_asked() => Assert.All(
        [
            "0.0.0.0:1", "11.0.0.1:0", "224.0.0.1:1", "255.255.255.255:1", "127.0.0.1:1", "169.254.0.1:1", "[fe80::1]:1",
            "[ff02::1]:1",
        ],
        address =>
        {
            var crawl = Begin(new CrawlOptions(), 1);
            Play(crawl, _ => NodeId.MaxValue, (_, _) => [new Contact(NodeId.Random(_random), UdpEndpoint.Parse(address))]);

            Assert.Single(crawl.Records);
            Assert.True(crawl.Counts.Refused > 0);
        });

    [Fact]
    public void Contacts_invented_without_end_by_one_node_are_bounded()
    {
        var crawl = Begin(new CrawlOptions(), 1);
        Play(crawl, e => e == Endpoint(0) ? NodeId.MaxValue : null, (_, target) => Invent(target, 20));

        Assert.InRange(crawl.Counts.Unreachable, Crawl.MaxUnproven, Crawl.MaxUnproven + 64);
        Assert.False(crawl.Records.Single(r => r.IsReachable).IsComplete);
    }

    /// <summary>Each port answers, under an id of its own. The first two hundred name others.</summary>
    [Theory]
    [InlineData("11.0.0.1", Crawl.MaxPerNetwork + 1)]
    [InlineData("10.0.0.1", 2_500)]
    public void One_host_is_asked_at_so_many_ports(string host, int asked)
    {
        var first = UdpEndpoint.Parse($"{host}:1");
        var named = 0;
        var crawl = new Crawl(new CrawlOptions { MaxNodes = 2_500, Concurrency = 1_000 }, _random);
        crawl.Add(first);
        Play(crawl, _ => NodeId.Random(_random), (endpoint, target) => endpoint.Port > 200 ? [] : [.. Enumerable.Range(0, 20).Select(_ => new Contact(
            target.RandomWithPrefix(20, _random), UdpEndpoint.FromIPv4((uint)first.AddressLow, (ushort)(2 + (named++ % 60_000)))))]);

        Assert.Equal(asked, crawl.Records.Count());
        Assert.True(crawl.Counts.Overflow > 0);
        Assert.Equal(1, CrawlSummary.Of([.. crawl.Records]).Networks);
    }

    [Fact]
    public void An_honest_node_with_a_large_fresh_table_is_read_to_the_end()
    {
        // More than MaxUnproven contacts that nobody named before, all of them alive.
        var ids = Enumerable.Range(0, 2_000).ToDictionary(i => Endpoint(i), _ => NodeId.Random(_random));
        var crawl = Begin(new CrawlOptions { Concurrency = 1_000 }, 1);
        var table = new RoutingTableSnapshot(
            ids[Endpoint(0)], 0, [.. ids.Where(p => p.Key != Endpoint(0)).Select(p => new Contact(p.Value, p.Key))]);
        Play(crawl, e => ids[e], (e, target) => e == Endpoint(0) ? RandomNetwork.Nearest(table, target) : []);

        Assert.Equal(2_000, crawl.Counts.Visited);
        Assert.All(crawl.Records, r => Assert.True(r.IsComplete));
    }

    [Fact]
    public void Crawls_of_all_parts_of_the_space_find_together_what_one_of_the_whole_finds() => Randomized.ForSeeds(8, random =>
    {
        // Each node knows its nearest nodes, and k of each other bucket: what the protocol leads to.
        var all = Enumerable.Range(0, 400).Select(i => new Contact(NodeId.Random(random), Endpoint(i))).ToList();
        var dead = all.Take(40).Select(c => c.Endpoint).ToHashSet();
        var ids = all.ToDictionary(c => c.Endpoint, c => c.Id);
        var tables = all.ToDictionary(c => c.Endpoint, c => new RoutingTableSnapshot(c.Id, 0, [.. all.Where(o => o != c)
            .GroupBy(o => o.Id.CommonPrefixLength(c.Id)).SelectMany(bucket => bucket.Take(20))]));
        Assert.All([0, 1, 3, 5], depth => Assert.Equal(
            all.Select(c => (c.Id, !dead.Contains(c.Endpoint))).Order(),
            Enumerable.Range(0, 1 << depth).SelectMany(slice => Find(CrawlSlices.RangeOf(slice, depth))).Order()));

        List<(NodeId, bool)> Find(BucketRange region)
        {
            var crawl = new Crawl(new CrawlOptions { Region = region }, random);
            foreach (var contact in all.Skip(40).OrderBy(c => c.Id.DistanceTo(region.RandomId(random))).Take(20))
            {
                crawl.Add(contact.Endpoint);
            }

            Play(crawl, e => dead.Contains(e) ? null : ids[e], (e, target) => RandomNetwork.Nearest(tables[e], target));
            return [.. crawl.Records.Select(r => (r.Id ?? r.ClaimedIds[0], r.IsReachable))];
        }
    });

    [Fact]
    public void A_record_taken_up_again_is_not_asked_again_if_it_was_finished()
    {
        var crawl = new Crawl(new CrawlOptions(), _random);
        var finished = new CrawlRecord { Endpoint = Endpoint(0), State = CrawlState.Visited, Id = NodeId.MaxValue, Contacts = 3, IsComplete = true };
        crawl.Restore(new CrawlRecord { Endpoint = Endpoint(0), State = CrawlState.Waiting });
        crawl.Restore(finished);
        crawl.Restore(new CrawlRecord { Endpoint = Endpoint(1), State = CrawlState.Visiting, Id = NodeId.MinValue, Contacts = 7 });

        Assert.Equal(1, crawl.Counts.Visited);
        Assert.Equal(1, crawl.Counts.Waiting);
        Assert.Empty(crawl.TakeChanges());
        Assert.True(crawl.TryNext(out var query));
        Assert.Equal(new CrawlQuery(Endpoint(1), null), query);
        Assert.False(crawl.TryNext(out _));
        Assert.Equivalent(finished, crawl.Records.First(r => r.Endpoint == Endpoint(0)));
    }

    [Fact]
    public void Options_out_of_bounds_are_refused() => Assert.All(
        [(0, 1), (1_001, 1), (1, 0), (1, 2_000_001)],
        bad => Assert.Throws<ArgumentOutOfRangeException>(
            () => new Crawl(new CrawlOptions { Concurrency = bad.Item1, MaxNodes = bad.Item2 }, _random)));

    private static UdpEndpoint Endpoint(int index) => UdpEndpoint.FromIPv4(0x0B00_0001 + ((uint)index << 8), 8468);

    private static Crawl Begin(CrawlOptions options, int seeds)
    {
        var crawl = new Crawl(options, new SeededRandomSource(2));
        for (var i = 0; i < seeds; i++)
        {
            crawl.Add(Endpoint(i));
        }

        return crawl;
    }

    /// <summary>Answers every query: pings by id (null: silence), finds by contacts (null: silence). Counts the pings.</summary>
    private static int Play(Crawl crawl, Func<UdpEndpoint, NodeId?> ping, Func<UdpEndpoint, NodeId, Contact[]?> find)
    {
        var pings = 0;
        while (crawl.TryNext(out var query))
        {
            pings += query.Target is null ? 1 : 0;
            if (query.Target is { } target && find(query.Endpoint, target) is { } contacts)
            {
                crawl.OnNodes(query.Endpoint, contacts, RoundTrip);
            }
            else if (query.Target is null && ping(query.Endpoint) is { } id)
            {
                crawl.OnPong(query.Endpoint, id, RoundTrip);
            }
            else
            {
                crawl.OnFailed(query.Endpoint, isFinal: false);
            }
        }

        Assert.True(crawl.IsDone);
        return pings;
    }

    private Contact[] Invent(NodeId near, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new Contact(
            near.RandomWithPrefix(100, _random), UdpEndpoint.FromIPv4(0x0D00_0000 + (uint)_random.Next(1 << 24), 8468)))];
}
