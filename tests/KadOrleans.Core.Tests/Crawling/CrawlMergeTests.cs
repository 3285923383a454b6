using KadOrleans.Core.Crawling;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Crawling;

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
