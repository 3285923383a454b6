namespace KadOrleans.Tests.Http;

public sealed class BatchApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Path = "/v1/keys:batch";
    private const string Get = """{"op":"get","key":"a"}""";

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task Operations_of_one_key_are_done_in_order_and_results_are_in_place()
    {
        await _api.ShowsAsync(
            """
            {"results":[{"status":404},{"status":200,"put":{"stored":3}},{"status":200},{"status":200,"value":{"value":1}},{"status":204},{"status":404}]}
            """,
            "POST", Path, """
            {"operations":[
              {"op":"get","key":"a"},
              {"op":"put","key":"a","value":1,"wait":"durable"},
              {"op":"put","key":"b","type":"bytes","value":"00"},
              {"op":"get","key":"a"},
              {"op":"delete","key":"a"},
              {"op":"delete","key":"a"}]}
            """);

        var a = NodeId.FromKey("a");
        Assert.Equal(
            [$"get {a}", $"durable {a}", $"get {a}", $"unpublish {a}", $"unpublish {a}"], _api.Dht.Calls.Where(call => call.EndsWith($"{a}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_put_of_a_batch_may_say_how_long_its_value_lives()
    {
        await _api.ShowsAsync("""{"results":[{"status":200},{"status":409}]}""", "POST", Path, """
            {"operations":[{"op":"put","key":"a","value":1,"life":60},{"op":"put","key":"a","value":2,"life":60}]}
            """);
        Assert.Equal(2, _api.Dht.Calls.Count(call => call == $"set for 60 s {NodeId.FromKey("a")}"));
    }

    [Theory]
    [InlineData("""{"operations":[{"op":"put","key":"a","value":1,"life":0.5}]}""", "Operation 1: life is '0.5'; 1 to 31536000 seconds are allowed.")]
    [InlineData("""{"operations":[]}""", "There are 0 operations; 1 to 256 are allowed.")]
    [InlineData("""{"ops":1}""", "The field 'ops' is unknown; operations is allowed.")]
    [InlineData("""{}""", """The operations are missing; {"operations":[{"op":"get","key":…}]} is needed.""")]
    [InlineData("""{"operations":[{"op":"put","key":"a","value":1},{"op":"move","key":"a"}]}""", "Operation 2: op is 'move'; get, put, delete, getItem or putItem is allowed.")]
    [InlineData("""{"operations":[{"op":"put","key":"a","value":1},7]}""", "Operation 2: an object is needed.")]
    [InlineData("""{"operations":[{"op":"get","key":7}]}""", "Operation 1: key is 7; text is needed.")]
    [InlineData("""{"operations":[{"op":"put","key":"a","value":1,"wait":"long"}]}""", "Operation 1: wait is 'long'; network or durable is allowed.")]
    public async Task A_batch_with_a_mistake_does_nothing(string body, string expected)
    {
        Assert.Equal(expected, await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Path, body));
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task A_batch_of_more_operations_than_allowed_and_puts_without_the_scope_do_nothing()
    {
        Assert.Equal(
            "There are 257 operations; 1 to 256 are allowed.", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Path, Gets(BatchApi.MaxOperations + 1)));
        await _api.FailAsync(HttpStatusCode.Forbidden, "POST", Path, """{"operations":[{"op":"put","key":"a","value":1}]}""", headers: _api.Reader);

        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task A_batch_counts_as_many_requests_as_it_has_operations()
    {
        // The rate of a token is counted in real time, so no other test may share the host.
        await using var api = await ApiHost.StartAsync();

        // More operations than a second has are let in as a whole second.
        await api.JsonAsync("POST", Path, Gets(2), api.Reader);

        // The token has 1,000 a second. Counted as one each, all would be let in.
        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => api.SendAsync("POST", Path, Gets(BatchApi.MaxOperations))));
        var done = responses.Count(response => response.StatusCode == HttpStatusCode.OK);
        Assert.All(responses, response => Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
        Assert.True(done < responses.Length);
        Assert.Equal(2 + (BatchApi.MaxOperations * done), api.Dht.Calls.Count);
        Array.ForEach(responses, response => response.Dispose());
    }

    [Fact]
    public async Task Operations_that_fail_leave_the_others_alone()
    {
        _api.Dht.Refusal = new SetResult { Refused = 2, Failed = 1 };
        var body = """{"operations":[{"op":"put","key":"a","value":1},{"op":"get","key":"b"}]}""";
        var results = (await _api.JsonAsync("POST", Path, body)).GetProperty("results");

        Assert.Equal([503, 404], results.EnumerateArray().Select(result => result.GetProperty("status").GetInt32()));
        Assert.StartsWith("The value of the key 'a' was not stored", results[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    private static string Gets(int count) => $$"""{"operations":[{{string.Join(',', Enumerable.Repeat(Get, count))}}]}""";
}
