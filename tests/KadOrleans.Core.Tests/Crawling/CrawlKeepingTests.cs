using KadOrleans.Core.Crawling;
using KadOrleans.Simulation;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Crawling;

/// <summary>Pages and reports as they are kept.</summary>
public class CrawlKeepingTests
{
    [Fact]
    public void A_page_comes_back_as_it_was() => Randomized.ForSeeds(100, random =>
    {
        var records = Enumerable.Range(0, random.Next(50)).Select(_ => Record(random)).ToList();

        Assert.Equivalent(records, CrawlPage.Decode(CrawlPage.Encode(records)), strict: true);
    });

    [Fact]
    public void A_damaged_page_is_refused_wherever_it_ends() => Randomized.ForSeeds(20, random =>
    {
        var page = CrawlPage.Encode([Record(random), Record(random)]);
        for (var length = 0; length < page.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(page[..length]));
        }
    });

    [Fact]
    public void A_full_page_fits_into_a_record_of_grain_storage()
    {
        var record = Record(new SeededRandomSource(1)) with { Id = NodeId.MaxValue, ClaimedIds = [.. Enumerable.Repeat(NodeId.MinValue, 8)], RoundTrip = TimeSpan.FromHours(1) };

        Assert.InRange(CrawlPage.Encode([.. Enumerable.Repeat(record, CrawlPage.MaxRecords)]).Length, 1, 240 << 10);
        Assert.Throws<ArgumentException>(() => CrawlPage.Encode([.. Enumerable.Repeat(record, CrawlPage.MaxRecords + 1)]));
    }

    [Fact]
    public void A_report_comes_back_as_it_was_and_is_bounded()
    {
        var random = new SeededRandomSource(2);
        var records = Enumerable.Range(0, 3_000).Select(_ => Record(random) with
        {
            State = CrawlState.Visited,
            Id = NodeId.FromKey($"{random.Next(200)}"),
        }).ToList();
        var summary = CrawlSummary.Of(records);
        var report = new CrawlReport
        {
            Id = "20260101T000000000Z",
            Phase = CrawlPhase.Finished,
            StartedAt = DateTimeOffset.UnixEpoch,
            EndedAt = DateTimeOffset.UnixEpoch.AddHours(1),
            Rate = 7,
            MaxNodes = 8,
            Counts = new CrawlCounts(1, 2, 3, 4, 5, 6, 7),
            Summary = summary.Shorten(),
            Change = new CrawlChange("x", 1, 2, 3, [new EndedSessions(null, 2), new EndedSessions(DateTimeOffset.UnixEpoch, 1)]),
            Sessions = new SessionLengths(3, TimeSpan.FromDays(2), [new SessionLength(TimeSpan.FromDays(1), 2)], 1, TimeSpan.FromDays(1)),
        };
        var json = CrawlReportJson.Write(report);

        Assert.Equivalent(report, CrawlReportJson.Read(json), strict: true);
        Assert.True(summary.DuplicateIdCount > report.Summary.DuplicateIds.Count);
        Assert.InRange(json.Length, 1, 200_000);
        Assert.Equal(report.Id, CrawlReportJson.Read(json.Replace("{\"id\"", "{\"later\":1,\"id\"", StringComparison.Ordinal)).Id);
        Assert.Throws<InvalidDataException>(() => CrawlReportJson.Read("{}"));
        Assert.Throws<InvalidDataException>(() => CrawlReportJson.Read(json[..^1]));
    }

    [Fact]
    public void A_node_without_an_id_is_damage()
    {
        var record = new CrawlRecord { Endpoint = UdpEndpoint.FromIPv4(0x0B00_0001, 1), State = CrawlState.Visited };

        Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(CrawlPage.Encode([record])));
        Assert.Single(CrawlPage.Decode(CrawlPage.Encode([record with { State = CrawlState.Unreachable }])));
    }

    private static CrawlRecord Record(SeededRandomSource random) => WithoutId(random, new()
    {
        Endpoint = random.Next(2) == 0
            ? UdpEndpoint.FromIPv4((uint)random.Next(int.MaxValue), 8468)
            : UdpEndpoint.Parse($"[2001:db8::{random.Next(9_999)}]:1"),
        State = (CrawlState)random.Next(5),
        Id = NodeId.Random(random),
        ClaimedIds = [.. Enumerable.Range(0, random.Next(3)).Select(_ => NodeId.Random(random))],
        RoundTrip = random.Next(2) == 0 ? null : TimeSpan.FromMicroseconds(random.Next(1_000_000)),
        Contacts = random.Next(5_000),
        Queries = random.Next(512),
        IsComplete = random.Next(2) == 0,
        Form = (AddressForm)random.Next(3),
        Since = random.Next(2) == 0 ? null : DateTimeOffset.UnixEpoch.AddSeconds(random.Next(int.MaxValue)),
    });

    private static CrawlRecord WithoutId(SeededRandomSource random, CrawlRecord record) =>
        record.IsReachable || random.Next(3) > 0 ? record : record with { Id = null };
}
