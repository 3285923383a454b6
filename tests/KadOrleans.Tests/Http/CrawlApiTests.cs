using System.Net.ServerSentEvents;
using System.Xml.Linq;

namespace KadOrleans.Tests.Http;

public sealed class CrawlApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Finished = "/v1/admin/crawls/20261101T000000000Z";

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task A_crawl_is_started_once_watched_and_stopped_and_both_are_in_the_audit_log()
    {
        using var created = await _api.SendAsync("POST", "/v1/admin/crawls", """{"rate":50,"nodes":1000}""");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("/v1/admin/crawls/20261102T000000000Z", created.Headers.Location!.OriginalString);
        using var again = await _api.SendAsync("POST", "/v1/admin/crawls");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        await _api.JsonAsync("DELETE", "/v1/admin/crawls/20261102T000000000Z");
        Assert.Equal("The crawl 20261101T000000000Z does not run.", await _api.FailAsync(HttpStatusCode.Conflict, "DELETE", Finished));

        Assert.Contains("StartCrawl CrawlRequest { Rate = 50, MaxNodes = 1000 }", _api.Admin.Calls);
        Assert.Equal(
            [("crawl", "new"), ("crawl", "20261102T000000000Z"), ("stop crawl", "20261102T000000000Z"), ("stop crawl", "20261101T000000000Z")],
            _api.Admin.Audit.Select(entry => (entry.Action, entry.Target)));
    }

    [Fact]
    public async Task A_crawl_is_mapped_below_a_prefix()
    {
        var cells = (await _api.JsonAsync("GET", $"{Finished}/map")).GetProperty("cells").EnumerateArray().ToList();
        Assert.Equal((256, 1, 1), (cells.Count, cells[0].GetProperty("reachable").GetInt32(), cells[255].GetProperty("unreachable").GetInt32()));
        await _api.ShowsAsync("""{"nodes":[{"endpoint":"192.0.2.1:1"},{"endpoint":"192.0.2.2:2"}]}""", "GET", $"{Finished}/map");
        await _api.ShowsAsync("""{"prefix":"f","nodes":[{"endpoint":"192.0.2.2:2"}]}""", "GET", $"{Finished}/map?prefix=F");
    }

    [Fact]
    public async Task Crawls_are_listed_and_described()
    {
        var listed = Assert.Single((await _api.JsonAsync("GET", "/v1/admin/crawls")).GetProperty("crawls").EnumerateArray());
        var crawl = await _api.JsonAsync("GET", Finished);

        Assert.Equal(crawl.GetRawText(), listed.GetRawText());
        await _api.ShowsAsync(
            """
            {"phase":"finished","summary":{"nodes":1},"change":{"before":"20261031T000000000Z","came":1,"went":2,"stayed":3},
             "sessions":{"count":2,"limitSeconds":172800,"medianSeconds":86400,"ended":[{"seconds":86400,"count":1}],"longer":1}}
            """,
            "GET", Finished);
    }

    [Fact]
    public async Task What_was_found_comes_as_lines_as_csv_and_as_a_picture()
    {
        var lines = (await TextAsync("/nodes", "application/jsonl")).TrimEnd('\n').Split('\n');
        Assert.Equal(["192.0.2.1:1", "192.0.2.2:2"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("endpoint").GetString()));
        Assert.Equal(
            $"{CrawlRows.Columns}\n{NodeId.MinValue},192.0.2.1:1,true,visited,2,0,0,true,,unknown,2026-11-01T00:00:00.0000000Z\n",
            await TextAsync("/nodes?format=csv&prefix=00", "text/csv"));
        Assert.Contains("192.0.2.2:2", await TextAsync("/nodes?prefix=F", "application/jsonl"), StringComparison.Ordinal);
        Assert.Contains("1 node in the key space", XDocument.Parse(await TextAsync("/nodes?format=svg", "image/svg+xml")).Root!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_is_sent_until_the_crawl_ends()
    {
        await using var stream = await _api.Http.GetStreamAsync(new Uri(Finished + "/events", UriKind.Relative), TestContext.Current.CancellationToken);
        await using var events = SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();

        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("progress", 1), (events.Current.EventType, JsonDocument.Parse(events.Current.Data).RootElement.GetProperty("datagrams").GetInt32()));
        var next = events.MoveNextAsync().AsTask();
        await Eventually.IsTrueAsync(() =>
        {
            _api.Time.Advance(Heartbeats.Interval);
            return next.IsCompleted;
        });
        Assert.Equal("heartbeat", events.Current.EventType);
        _api.Admin.CrawlEnd.SetResult();
        do
        {
            Assert.True(await events.MoveNextAsync());
        }
        while (events.Current.EventType == "heartbeat");
        Assert.Equal("stopped", JsonDocument.Parse(events.Current.Data).RootElement.GetProperty("phase").GetString());
        Assert.DoesNotContain('\u001b', JsonDocument.Parse(events.Current.Data).RootElement.GetProperty("problem").GetString()!);
        Assert.False(await events.MoveNextAsync());
    }

    [Theory]
    [InlineData("GET", "/v1/admin/crawls/x", "There is no crawl 'x'.", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/admin/crawls/..%2Fx/nodes", "There is no crawl '../x'.", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/admin/crawls/x/events", "There is no crawl 'x'.", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/v1/admin/crawls/x", "There is no crawl 'x'.", HttpStatusCode.NotFound)]
    [InlineData("GET", Finished + "/map?prefix=x", "The prefix is 'x'; 0 to 38 hexadecimal digits are allowed.", HttpStatusCode.BadRequest)]
    [InlineData("GET", Finished + "/nodes?format=pdf", "format is 'pdf'; jsonl, csv or svg is allowed.", HttpStatusCode.BadRequest)]
    [InlineData("GET", Finished + "/nodes?prefix=xyz", "The prefix is 'xyz'; 0 to 40 hexadecimal digits are allowed.", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/v1/admin/crawls", "rate is '\"fast\"'; a whole number is needed.", HttpStatusCode.BadRequest, "{\"rate\":\"fast\"}")]
    [InlineData("POST", "/v1/admin/crawls", "The rate is 10001; 1 to 10000 is allowed.", HttpStatusCode.BadRequest, "{\"rate\":10001}")]
    [InlineData("POST", "/v1/admin/crawls", "The number of nodes is 0; 1 to 2000000 is allowed.", HttpStatusCode.BadRequest, "{\"nodes\":0}")]
    [InlineData("POST", "/v1/admin/crawls", "The field 'raet' is unknown; did you mean 'rate'?", HttpStatusCode.BadRequest, "{\"raet\":1}")]
    [InlineData("POST", "/v1/admin/crawls?rate=50", "The parameter 'rate' is unknown; none is allowed here.", HttpStatusCode.BadRequest)]
    public async Task Mistakes_get_a_sentence(string method, string path, string sentence, HttpStatusCode status, string? body = null) =>
        Assert.Equal(sentence, await _api.FailAsync(status, method, path, body));

    private async Task<string> TextAsync(string path, string type)
    {
        using var response = await _api.SendAsync("GET", Finished + path);
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
