namespace KadOrleans.Tests.Core;

public class CrawlReportJsonTests
{
    private const string Start = """{"id":"20261122T014500123Z","phase":"finished","startedAt":"2026-11-22T01:45:00.123+00:00","rate":1,"maxNodes":1""";

    [Fact]
    public void A_report_is_read_as_it_was_written()
    {
        var record = new CrawlRecord
        {
            Endpoint = UdpEndpoint.Parse("192.0.2.1:8468"),
            State = CrawlState.Visited,
            Id = new NodeId(new byte[NodeId.Length]),
            RoundTrip = TimeSpan.FromMilliseconds(5),
        };
        var report = CrawlReport.Begin(null, DateTimeOffset.UnixEpoch, rate: 1, maxNodes: 1, slices: 1)
            .End(CrawlPhase.Finished, [record], [], [], DateTimeOffset.UnixEpoch).Report;
        var written = CrawlReportJson.Write(report);

        Assert.Contains("\"phase\":\"finished\"", written, StringComparison.Ordinal);
        Assert.Equal(written, CrawlReportJson.Write(CrawlReportJson.Read(written)));
        Assert.Equal("20261122T014500123Z", CrawlReportJson.Read(Start + "}").Id);
    }

    // Whoever lists crawls reads all reports: one that is damaged must be told by that, and by nothing later.
    [Theory]
    [InlineData("""{"id":null,"phase":"finished","startedAt":"2026-11-22T01:45:00.123+00:00","rate":1,"maxNodes":1}""")]
    [InlineData("""{"id":"20261122T014500123Z","phase":77,"startedAt":"2026-11-22T01:45:00.123+00:00","rate":1,"maxNodes":1}""")]
    [InlineData("""{"id":"20261122T014500123Z","phase":"stopped, failed","startedAt":"2026-11-22T01:45:00.123+00:00","rate":1,"maxNodes":1}""")]
    [InlineData(Start + ""","change":{"before":"x","came":1,"went":1,"stayed":1}}""")]
    [InlineData(Start + ""","change":{"before":"x","came":1,"went":1,"stayed":1,"ended":[null]}}""")]
    [InlineData(Start + ""","sessions":{"sessions":1,"limit":"01:00:00","ended":null,"longer":0,"median":null}}""")]
    public void A_report_with_what_its_types_do_not_allow_is_damaged(string json) =>
        Assert.Throws<InvalidDataException>(() => CrawlReportJson.Read(json));
}
