using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Tests.Http;

public sealed class BodyBudgetTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const int LongestBody = 16 << 20;

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task A_token_that_has_its_part_refuses_itself_alone_and_what_manages_is_not_counted()
    {
        using var sender = await SendUnendedAsync();

        // The last bytes are read on the way.
        var refused = await PutUntilAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Contains("\"reason\":\"busy\"", refused, StringComparison.Ordinal);
        await _api.JsonAsync("PUT", "/v1/admin/bans", """{"ban":"203.0.113.0/24"}""");
        var other = ("Authorization", $"Bearer {File.ReadAllText(_api.Folder[OwnToken.FileName])}");
        await _api.JsonAsync("PUT", "/v1/keys/a", """{"value":"1"}""", other);

        sender.Dispose();
        await PutUntilAsync(HttpStatusCode.OK);
    }

    [Fact]
    public void Bodies_of_all_requests_under_way_are_bounded_together()
    {
        var budget = new BodyBudget();
        var parts = Enumerable.Range(0, BodyBudget.MaxBytes / BodyBudget.MaxBytesOfToken).Select(_ => For(ApiToken.Create("one", ApiScope.All).Token)).ToList();
        parts.ForEach(part => part.Take(BodyBudget.MaxBytesOfToken));

        var (next, token) = (ApiToken.Create("next", ApiScope.All).Token, ApiToken.Create("last", ApiScope.All).Token);
        Assert.Throws<ApiProblemException>(() => For(next).Take(1));
        parts[0].Dispose();
        For(next).Take(1);
        var last = For(token);
        last.Take(BodyBudget.MaxBytesOfToken - 1);
        Assert.Throws<ApiProblemException>(() => For(token).Take(2));
        last.Dispose();
        For(token).Take(2);

        BodyBudget.Part For(ApiToken of) => budget.For(new DefaultHttpContext { User = new(new TokenIdentity(of, session: null)) });
    }

    [Fact]
    public async Task What_is_refused_while_it_is_read_ends_no_connection()
    {
        using var sender = await SendUnendedAsync();
        await PutUntilAsync(HttpStatusCode.ServiceUnavailable);
        var longest = new string(' ', 4 << 20);
        for (var i = 0; i < 5; i++)
        {
            using var refused = await _api.SendAsync("POST", "/v1/keys:batch", longest);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        Assert.DoesNotContain(_api.Log.Events, one => one.Level >= LogLevel.Warning);
    }

    [Fact]
    public void A_body_comes_at_a_least_rate()
    {
        var kestrel = new KestrelServerOptions();
        kestrel.ListenWithin(new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"));

        var rate = kestrel.Limits.MinRequestBodyDataRate!;
        Assert.Equal((10_000, TimeSpan.FromSeconds(10)), (rate.BytesPerSecond, rate.GracePeriod));
    }

    [Fact]
    public async Task A_body_of_more_parts_than_any_request_has_is_refused_before_it_is_parsed() =>
        Assert.Equal(
            "The body has more than 16384 names, values and brackets of JSON, the most allowed.",
            await _api.FailAsync(
                HttpStatusCode.BadRequest, "POST", "/v1/keys:batch", $$"""{"operations":[{{string.Join(',', Enumerable.Repeat("0", 17_000))}}]}"""));

    [Fact]
    public async Task The_largest_batch_has_fewer_parts_than_are_allowed()
    {
        var put = """
            {"op":"put","key":"a","as":"text","wait":"network","life":60,"ifMatch":"\"1\"","ifNoneMatch":null,"idempotencyKey":"a","type":"string","value":"1"}
            """;
        var batch = $$"""{"operations":[{{string.Join(',', Enumerable.Repeat(put, BatchApi.MaxOperations))}}]}""";
        await _api.JsonAsync("POST", "/v1/keys:batch", batch);
        Assert.NotEmpty(_api.Dht.Calls);
    }

    private async Task<string> PutUntilAsync(HttpStatusCode expected)
    {
        while (true)
        {
            using var response = await _api.SendAsync("PUT", "/v1/keys/a", """{"value":"1"}""");
            if (response.StatusCode == expected)
            {
                return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            }
        }
    }

    private async Task<Socket> SendUnendedAsync()
    {
        var socket = await _api.ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(
            $"POST /v1/admin/values HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {LongestBody}\r\n"
            + $"Authorization: {_api.Http.DefaultRequestHeaders.Authorization}\r\n\r\n"));
        await socket.SendAsync(new byte[LongestBody - 1]);
        return socket;
    }
}
