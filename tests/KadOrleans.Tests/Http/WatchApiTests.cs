using System.Net.ServerSentEvents;

namespace KadOrleans.Tests.Http;

public sealed class WatchApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task A_watch_sends_the_value_each_change_and_heartbeats()
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        await using var stream = await _api.Http.GetStreamAsync(new Uri("/v1/keys/key/events", UriKind.Relative), TestContext.Current.CancellationToken);
        await using var events = SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();

        Assert.Equal(("value", 1), ReadValue(await NextAsync(events)));
        _api.Dht.Tell("key", 2);
        Assert.Equal(("value", 2), ReadValue(await NextAsync(events)));
        _api.Dht.Tell("key", null);
        var gone = await NextAsync(events);
        Assert.Equal(("none", "key"), (gone.EventType, JsonDocument.Parse(gone.Data).RootElement.GetProperty("key").GetString()));

        var next = NextAsync(events);
        await Eventually.IsTrueAsync(() =>
        {
            _api.Time.Advance(Heartbeats.Interval);
            return next.IsCompleted;
        });
        Assert.Equal("heartbeat", (await next).EventType);
    }

    [Fact]
    public async Task A_watch_that_cannot_begin_has_a_status()
    {
        _api.Dht.Failure = new DhtUnavailableException("The cluster does not respond.");

        Assert.Equal(
            "The cluster does not respond.", await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "GET", "/v1/keys/key/events"));
    }

    private static (string Type, int Value) ReadValue(SseItem<string> item) =>
        (item.EventType, JsonDocument.Parse(item.Data).RootElement.GetProperty("value").GetInt32());

    private static async Task<SseItem<string>> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }
}
