namespace KadOrleans.Tests.Core;

public class CrawlChangeTests
{
    [Fact]
    public void Whole_histories_agree_with_brute_force() => Randomized.ForSeeds(200, random =>
    {
        // Which of some nodes answer in which of some crawls, a day apart.
        var nodes = Enumerable.Range(0, 30).Select(i => new Contact(NodeId.Random(random), Endpoint(i % 20))).ToList();
        var crawls = 3 + random.Next(CrawlReport.MaxKept - 2);
        var seen = Enumerable.Range(0, crawls).Select(_ => nodes.Where(_ => random.Next(3) > 0).ToHashSet()).ToList();
        var reports = new List<CrawlReport>();
        IReadOnlyList<CrawlRecord> before = [];
        for (var i = 0; i < crawls; i++)
        {
            var (records, change) = CrawlChange.Compare(reports, before, [.. seen[i].Select(Record)], Samples.Now.AddDays(i));
            Assert.Equal(i == 0, change is null);
            if (change is not null)
            {
                Assert.Equal(
                    (seen[i].Except(seen[i - 1]).Count(), seen[i - 1].Except(seen[i]).Count(), seen[i].Intersect(seen[i - 1]).Count()),
                    (change.Came, change.Went, change.Stayed));
            }

            Assert.All(records, record => Assert.Equal(FirstOf(new Contact(record.Id!.Value, record.Endpoint), i), record.Since));
            before = records;
            reports.Add(Report(i) with { Change = change });
        }

        var limit = (crawls - 1) / 2.0;
        var sessions = Enumerable.Range(1, (int)limit).SelectMany(first => seen[first].Except(seen[first - 1]).Select(node =>
        {
            var lasted = seen.Skip(first).TakeWhile(crawl => crawl.Contains(node)).Count();
            return first + lasted == crawls ? int.MaxValue : lasted;
        })).Order().ToList();
        var lengths = SessionLengths.Of(reports);
        Assert.Equal(sessions.Count == 0, lengths is null);
        if (lengths is not null)
        {
            Assert.Equal((sessions.Count, TimeSpan.FromDays(limit)), (lengths.Sessions, lengths.Limit));
            Assert.Equal(
                sessions.Where(days => days <= limit),
                lengths.Ended.SelectMany(ended => Enumerable.Repeat((int)ended.Length.TotalDays, ended.Count)));
            Assert.Equal(sessions.Count(days => days > limit), lengths.Longer);
            var median = sessions[(sessions.Count - 1) / 2];
            Assert.Equal(median > limit ? null : TimeSpan.FromDays(median), lengths.Median);
        }

        DateTimeOffset? FirstOf(Contact node, int crawl)
        {
            var first = crawl - seen.Take(crawl).Reverse().TakeWhile(others => others.Contains(node)).Count();
            return first == 0 ? null : Samples.Now.AddDays(first);
        }
    });

    [Fact]
    public void A_session_that_began_before_the_kept_crawls_has_no_known_beginning() => Randomized.ForSeeds(100, random =>
    {
        List<CrawlReport> reports = [Report(0), Report(1)];
        DateTimeOffset?[] starts = [null, Samples.Now.AddDays(1), Samples.Now.AddYears(-1)];
        var then = Some(0, 40).ConvertAll(record => record with { Since = starts[random.Next(3)] });
        List<CrawlRecord> now = [.. then.Where(_ => random.Next(2) == 0), .. Some(50, 20)];
        var change = CrawlChange.Compare(reports, then, now, Samples.Now.AddDays(2)).Change!;
        Assert.All(change.Ended, ended => Assert.True(ended.Since is null || ended.Since == Samples.Now.AddDays(1)));

        List<CrawlRecord> Some(int first, int count) =>
            [.. Enumerable.Range(first, count).Select(i => Record(new Contact(NodeId.Random(random), Endpoint(i))))];
    });

    [Fact]
    public void A_crawl_that_was_not_compared_begins_a_new_window()
    {
        var reports = Enumerable.Range(0, 5).Select(i => Report(i) with
        {
            Change = i is 0 or 2 ? null : new CrawlChange(CrawlReport.NameOf(Samples.Now.AddDays(i - 1)), 7, 0, 3, []),
        }).ToList();

        Assert.Equal((7, TimeSpan.FromDays(1)), (SessionLengths.Of(reports)!.Sessions, SessionLengths.Of(reports)!.Limit));
        Assert.Null(SessionLengths.Of(reports[..4]));
    }

    [Fact]
    public void Names_are_told_from_other_texts()
    {
        Assert.Equal("20260101T000000000Z", Report(0).Id);
        Assert.True(CrawlReport.IsName(Report(0).Id));
        Assert.All(["", "20260101T000000000z", "../01010T000000000Z", "20260101T00000000/Z", null], text => Assert.False(CrawlReport.IsName(text)));
    }

    private static UdpEndpoint Endpoint(int index) => UdpEndpoint.FromIPv4(0x0B00_0001 + ((uint)index << 8), 8468);

    private static CrawlRecord Record(Contact node) => new() { Endpoint = node.Endpoint, Id = node.Id, State = CrawlState.Visited };

    private static CrawlReport Report(int day) => new()
    {
        Id = CrawlReport.NameOf(Samples.Now.AddDays(day)),
        StartedAt = Samples.Now.AddDays(day),
        Phase = CrawlPhase.Finished,
        Rate = 1,
        MaxNodes = 1,
    };
}

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

        var withoutId = Record(random) with { State = CrawlState.Visited, Id = null };
        Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(CrawlPage.Encode([withoutId])));
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
