using KadOrleans.Core.Crawling;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Crawling;

public class CrawlMergeTests
{
    [Fact]
    public void Each_endpoint_is_there_once_in_its_slice_with_all_its_ids() => Randomized.ForSeeds(200, random =>
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

        Assert.Equal(slices.Count, merged.Count);
        Assert.Equal(all.Select(group => group.Key).ToHashSet(), merged.SelectMany(records => records).Select(record => record.Endpoint).ToHashSet());
        Assert.Equal(all.Count, merged.Sum(records => records.Count));
        foreach (var (slice, records) in merged.Index())
        {
            foreach (var record in records)
            {
                var isOwn = all[record.Endpoint].Any(found => Enumerable.Range(0, slices.Count).Any(i =>
                    slices[i].Contains(found) && found.Id is { } id && CrawlSlices.RangeOf(i, depth).Contains(id)));
                Assert.True(!isOwn || CrawlSlices.RangeOf(slice, depth).Contains(record.Id!.Value));
                Assert.Contains(slices[slice], found => found.Endpoint == record.Endpoint);
                Assert.Equal(
                    all[record.Endpoint].SelectMany(found => found.ClaimedIds).Distinct().Order(),
                    record.ClaimedIds.Order());
            }
        }

        Assert.Equivalent(merged, CrawlMerge.Merge(merged, depth), strict: true);
    });
}
