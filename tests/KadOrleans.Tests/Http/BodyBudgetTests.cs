namespace KadOrleans.Tests.Http;

public sealed class BodyBudgetTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const int LongestBody = 16 << 20;

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task Bodies_of_all_requests_under_way_are_bounded_together()
    {
        var senders = new List<Socket>();
        for (var i = 0; i < BodyBudget.MaxBytes / LongestBody; i++)
        {
            senders.Add(await SendUnendedAsync());
        }

        // The last bytes are read on the way.
        var refused = await StatusWhenAsync(HttpStatusCode.ServiceUnavailable);
        senders.ForEach(sender => sender.Dispose());

        Assert.Contains("\"reason\":\"busy\"", refused, StringComparison.Ordinal);
        await StatusWhenAsync(HttpStatusCode.OK);
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

    private async Task<string> StatusWhenAsync(HttpStatusCode expected)
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
