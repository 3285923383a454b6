namespace KadOrleans.Tests.Core;

public class CrawlPlanTests
{
    private static readonly CrawlTiming Timing = new();

    [Fact]
    public void Every_slice_is_done_within_the_rate_whatever_edges_do() => Randomized.ForSeeds(300, random =>
    {
        // Brute force: edges die, stop answering, hear late, answer late, refuse or find nobody. What each really sends is counted.
        var rate = 1 + random.Next(50);
        var plan = new CrawlPlan(random.Next(5), rate, Timing);
        var running = new Dictionary<string, (SliceLease Lease, TimeSpan Until)>();
        var edges = Enumerable.Range(0, 1 + random.Next(6)).Select(i => $"edge {i}").ToList();
        var dead = new HashSet<string>();
        var now = TimeSpan.Zero;
        var rounds = 0;
        while (!plan.IsDone)
        {
            Assert.True(rounds++ < 20_000, "The crawl does not end.");
            now += Timing.Poll;
            if (random.Next(40) == 0 && dead.Count < edges.Count - 1)
            {
                dead.Add(edges[random.Next(edges.Count)]);
            }

            foreach (var lease in Advance())
            {
                plan.OnSent(lease, now);
                var isHeard = random.Next(10) > 0;

                // Dead for the cluster: it may send on until its lease runs out, if it began.
                if (dead.Contains(lease.Edge) || !isHeard)
                {
                    continue;
                }

                var arrives = now + (random.NextDouble() * Timing.Delivery);
                running[lease.Edge] = (lease, arrives + Timing.Lease);
                switch (random.Next(9))
                {
                    case 0:
                        running.Remove(lease.Edge);
                        plan.OnRefused(lease, now);
                        break;
                    case 1 or 2:
                        running.Remove(lease.Edge);
                        plan.OnDone(lease, isEmpty: random.Next(3) == 0);
                        break;
                    case < 8:
                        plan.OnAnswered(lease, now);
                        break;
                }
            }

            foreach (var (edge, _) in running.Where(pair => pair.Value.Until <= now).ToList())
            {
                running.Remove(edge);
            }

            var sending = running.Values.Select(r => r.Lease).ToList();
            Assert.True(sending.Sum(lease => lease.Rate) <= rate);
            Assert.Equal(sending.Count, sending.Select(lease => lease.Slice).Distinct().Count());
            Assert.True(plan.Leases.Sum(lease => lease.Rate) <= rate);
        }

        List<SliceLease> Advance()
        {
            var polls = plan.GetPolls(now);
            plan.EndLost(now);
            return [.. polls.Where(plan.Leases.Contains), .. plan.Grant(edges, now)];
        }
    });

    [Fact]
    public void The_rate_is_shared_by_the_edges_that_there_is_work_for()
    {
        var plan = new CrawlPlan(2, 100, Timing);

        Assert.Equal([50, 50], plan.Grant(["a", "b"], TimeSpan.Zero).Select(lease => lease.Rate));
        Assert.Empty(plan.Grant(["a", "b", "c"], TimeSpan.Zero));
        plan.OnDone(plan.Leases.First(), isEmpty: false);
        var granted = plan.Grant(["a", "b", "c"], TimeSpan.Zero);
        Assert.Equal([33, 17], granted.Select(lease => lease.Rate));
        Assert.Equal(["a", "c"], granted.Select(lease => lease.Edge));
    }

    [Fact]
    public void A_silent_edge_keeps_its_slice_until_its_lease_has_run_out()
    {
        var plan = new CrawlPlan(0, 10, Timing);
        var lease = Assert.Single(plan.Grant(["a", "b"], TimeSpan.Zero));
        var asked = Timing.Silence - TimeSpan.FromSeconds(1);
        Assert.Equal([lease], plan.GetPolls(asked));
        plan.OnSent(lease, asked);

        Assert.Empty(plan.GetPolls(Timing.Silence));
        var end = asked + Timing.Delivery + Timing.Lease;
        Assert.Empty(plan.EndLost(end - TimeSpan.FromSeconds(1)));
        Assert.Empty(plan.Grant(["a", "b"], end));
        Assert.Equal([lease], plan.EndLost(end));
        Assert.Equal(("b", 2), plan.Grant(["a", "b"], end).Select(next => (next.Edge, next.Number)).Single());
        Assert.False(plan.OnDone(lease, isEmpty: false));
    }

    [Fact]
    public void A_slice_without_an_answer_is_tried_again_and_then_believed()
    {
        var plan = new CrawlPlan(0, 10, Timing);
        for (var i = 1; i < CrawlPlan.MaxTries; i++)
        {
            Assert.False(plan.OnDone(plan.Grant(["a"], TimeSpan.Zero).Single(), isEmpty: true));
        }

        Assert.True(plan.OnDone(plan.Grant(["a"], TimeSpan.Zero).Single(), isEmpty: true));
        Assert.True(plan.IsDone);
    }
}

public class CrawlMergeTests
{
    [Fact]
    public void Each_endpoint_is_there_once_with_all_its_ids() => Randomized.ForSeeds(200, random =>
    {
        var depth = random.Next(4);
        var ids = Enumerable.Range(0, 8).Select(_ => NodeId.Random(random)).ToList();
        var slices = Enumerable.Range(0, 1 << depth).Select(slice => (IReadOnlyList<CrawlRecord>)[.. Enumerable.Range(0, random.Next(10)).Select(_ =>
        {
            // The endpoint decides the id that answers, and whether one does.
            var host = random.Next(8);
            var id = host < 5 ? ids[host] : (NodeId?)null;
            return new CrawlRecord
            {
                Endpoint = UdpEndpoint.FromIPv4(0x0B00_0000 + (uint)host, 1),
                State = id is null ? CrawlState.Unreachable : CrawlState.Visited,
                Id = id,
                ClaimedIds = [.. ids.Where(other => other != id && CrawlSlices.RangeOf(slice, depth).Contains(other)).Take(2)],
            };
        }).DistinctBy(record => record.Endpoint)]).ToList();
        var all = slices.SelectMany(records => records).ToLookup(record => record.Endpoint);

        var merged = CrawlMerge.Merge(slices, depth);

        Assert.Equal(all.Select(group => group.Key).ToHashSet(), merged.Select(record => record.Endpoint).ToHashSet());
        Assert.Equal(all.Count, merged.Count);
        foreach (var record in merged)
        {
            Assert.Contains(all[record.Endpoint], found => (found.State, found.Id) == (record.State, record.Id));
            Assert.Equal(
                all[record.Endpoint].SelectMany(found => found.ClaimedIds).Distinct().Order(),
                record.ClaimedIds.Order());
        }

        Assert.Equivalent(merged, CrawlMerge.Merge([merged], 0), strict: true);
    });

    [Fact]
    public void The_slice_of_the_id_that_answered_counts_and_an_answer_counts_more_than_silence()
    {
        var endpoint = UdpEndpoint.FromIPv4(0x0B00_0001, 1);
        var own = new CrawlRecord { Endpoint = endpoint, State = CrawlState.Visited, Id = NodeId.MaxValue, Contacts = 7 };
        var other = own with { Contacts = 1 };
        var silent = new CrawlRecord { Endpoint = endpoint, State = CrawlState.Unreachable };
        var stranger = silent with { State = CrawlState.NotANode };

        Assert.Equal(7, Assert.Single(CrawlMerge.Merge([[other], [own]], 1)).Contacts);
        Assert.Equal(1, Assert.Single(CrawlMerge.Merge([[silent], [other], [], []], 2)).Contacts);
        Assert.Equal(CrawlState.NotANode, Assert.Single(CrawlMerge.Merge([[silent], [stranger]], 1)).State);
    }
}

public class CrawlSlicesTests
{
    [Fact]
    public void Each_id_is_in_one_slice_and_slices_are_in_the_order_of_ids() => Randomized.ForSeeds(200, random =>
    {
        var depth = new[] { 0, 1, 7, CrawlSlices.MaxDepth }[random.Next(4)];
        var id = NodeId.Random(random);
        var slice = Assert.Single(Enumerable.Range(0, 1 << depth), slice => CrawlSlices.RangeOf(slice, depth).Contains(id));
        Assert.Equal(id.FirstBits(depth), slice);
    });

    [Theory]
    [InlineData(null, 0, 2)]
    [InlineData(null, 1, 2)]
    [InlineData(60.0, 2, 3)]
    [InlineData(100_000.0, 10, CrawlSlices.MaxDepth)]
    [InlineData(1e9, 10, CrawlSlices.MaxDepth)]
    public void Slices_have_some_hundred_nodes_and_suffice_for_all_edges(double? size, int edges, int depth) =>
        Assert.Equal(depth, CrawlSlices.DepthFor(size, edges));
}
