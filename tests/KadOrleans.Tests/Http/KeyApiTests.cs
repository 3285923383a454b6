namespace KadOrleans.Tests.Http;

public sealed class KeyApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Path = "/v1/keys/key";

    private readonly ApiHost _api = host.Reset();

    [Theory]
    [InlineData("""{"value":"grüße"}""", "string", "\"grüße\"", "grüße")]
    [InlineData("""{"value":-7}""", "int", "-7", "-7")]
    [InlineData("""{"type":"int","value":"18446744073709551615"}""", "int", "18446744073709551615", "18446744073709551615")]
    [InlineData("""{"value":1.5}""", "float", "1.5", "1.5")]
    [InlineData("""{"value":1e0}""", "float", "1.0", "1.0")]
    [InlineData("""{"type":"float","value":2}""", "float", "2.0", "2.0")]
    [InlineData("""{"type":"float","value":"-Infinity"}""", "float", "null", "-Infinity")]
    [InlineData("""{"value":false}""", "bool", "false", "false")]
    [InlineData("""{"type":"bytes","value":"00ff"}""", "bytes", "\"00ff\"", "00ff")]
    public async Task A_value_of_each_type_comes_back_as_it_was_put(string put, string type, string value, string text)
    {
        await _api.JsonAsync("PUT", Path, put);
        await _api.ShowsAsync(
            $$"""{"found":true,"key":"key","digest":"{{NodeId.FromKey("key")}}","type":"{{type}}","text":"{{text}}","value":{{value}}}""", "GET", Path);
    }

    [Theory]
    [InlineData("text/plain", "string")]
    [InlineData("application/octet-stream", "bytes")]
    public async Task A_value_travels_as_it_is(string type, string name)
    {
        using var put = await _api.SendAsync("PUT", Path, "grüße", type);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using var got = await _api.SendAsync("GET", Path, headers: ("Accept", "text/html;q=0.5, application/octet-stream"));

        Assert.Equal("grüße"u8.ToArray(), await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("application/octet-stream", got.Content.Headers.ContentType?.ToString());
        Assert.Equal(name, Assert.Single(got.Headers.GetValues("Kad-Type")));
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("gr%C3%BC%C3%9Fe%20%3F", "grüße ?")]
    [InlineData("356a192b7913b04c54574d18c28d46e6395428ab", "356a192b7913b04c54574d18c28d46e6395428ab")]
    public async Task A_key_is_any_text(string path, string key)
    {
        await _api.JsonAsync("PUT", $"/v1/keys/{path}", """{"value":1}""");

        Assert.Equal($"set {NodeId.FromKey(key)}", Assert.Single(_api.Dht.Calls));
    }

    [Theory]
    [InlineData("http://localhost/v1/keys/a%20b?as=text", "a b")]
    [InlineData("/V1/KEYS/a%2Fb", "a/b")]
    [InlineData("/v1/keys/a?AS=text", "a")]
    [InlineData("/v1/keys/a%2F..%2Fb", "a/../b")]
    [InlineData("/v1/keys/..a", "..a")]
    [InlineData("/v1/keys/%F0%9F%98%80", "😀")]
    [InlineData("/v1/keys/%61%25%36%31/", "a%61")]
    public async Task A_key_is_found_in_every_form_of_a_target(string target, string key)
    {
        Assert.StartsWith("HTTP/1.1 404", await _api.SendRawAsync("GET", target), StringComparison.Ordinal);
        Assert.Equal($"get {NodeId.FromKey(key)}", Assert.Single(_api.Dht.Calls));
    }

    [Fact]
    public async Task A_key_may_be_a_digest_and_once_deleted_is_published_no_more()
    {
        var key = NodeId.FromKey("key");
        await _api.JsonAsync("PUT", $"{Path}?wait=durable", """{"value":1}""");
        await _api.ShowsAsync("""{"value":1}""", "GET", $"/v1/keys/{key}?as=digest");
        using var deleted = await _api.SendAsync("DELETE", Path);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("The key 'key' is not published here.", await _api.FailAsync(HttpStatusCode.NotFound, "DELETE", Path));
        Assert.Equal([$"durable {key}", $"get {key}", $"unpublish {key}", $"unpublish {key}"], _api.Dht.Calls);
    }

    [Fact]
    public async Task A_put_may_say_how_long_its_value_lives()
    {
        await _api.ShowsAsync("""{"isPublished":false}""", "PUT", $"{Path}?life=3600", """{"value":1}""");

        Assert.Equal($"set for 3600 s {NodeId.FromKey("key")}", Assert.Single(_api.Dht.Calls));
        Assert.Equal(
            "The value of the key 'key' was not stored: another one is published here, or lives longer.",
            await _api.FailAsync(HttpStatusCode.Conflict, "PUT", $"{Path}?life=1", """{"value":2}"""));
    }

    [Fact]
    public async Task An_unknown_key_says_how_far_the_lookup_got() => Assert.Equal(
        "No value was found for the key 'key' (3 of 5 nodes asked had no value, 2 did not answer).",
        await _api.FailAsync(HttpStatusCode.NotFound, "GET", Path));

    [Fact]
    public async Task A_conditional_put_changes_only_what_its_caller_knows()
    {
        using var first = await _api.SendAsync("PUT", Path, """{"value":1}""", headers: ("If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        var tag = first.Headers.ETag!.ToString();
        Assert.Equal(
            "If-None-Match does not hold: the key has a value.",
            await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, """{"value":2}""", headers: ("If-None-Match", "*")));

        using var second = await _api.SendAsync("PUT", Path, """{"value":2}""", headers: ("If-Match", tag));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.NotEqual(tag, second.Headers.ETag!.ToString());
        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, """{"value":3}""", headers: ("If-Match", tag));
        Assert.Equal(
            "If-Match does not hold: the key has another version, or no value.",
            await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", "/v1/keys/other", """{"value":3}""", headers: ("If-Match", "*")));
        Assert.Equal(2, (await _api.JsonAsync("GET", Path)).GetProperty("value").GetInt32());
        using var unchanged = await _api.SendAsync("GET", Path, headers: ("If-None-Match", second.Headers.ETag.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        await _api.JsonAsync("GET", Path, headers: ("If-Match", second.Headers.ETag.ToString()));
        Assert.Equal(
            $"If-Match does not hold: the value that was found has the tag {second.Headers.ETag} in this form.",
            await _api.FailAsync(HttpStatusCode.PreconditionFailed, "GET", Path, headers: ("If-Match", tag)));
    }

    [Fact]
    public async Task A_version_is_shown_and_a_delete_under_it_removes_that_write_alone()
    {
        var first = (await _api.JsonAsync("PUT", Path, """{"value":1}""")).GetProperty("version").GetString()!;
        Assert.Equal(first, (await _api.JsonAsync("GET", Path)).GetProperty("version").GetString());
        var second = (await _api.JsonAsync("PUT", Path, """{"value":1}""", ("If-Match", $"\"{first}\""))).GetProperty("version").GetString()!;
        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "DELETE", Path, headers: ("If-Match", $"\"{first}\""));
        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "DELETE", Path, headers: ("If-None-Match", $"\"{second}j\""));
        Assert.Equal(1, (await _api.JsonAsync("GET", Path)).GetProperty("value").GetInt32());

        using var deleted = await _api.SendAsync("DELETE", Path, headers: ("If-Match", $"\"{second}\""));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await _api.FailAsync(HttpStatusCode.NotFound, "GET", Path);
        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "DELETE", Path, headers: ("If-Match", "*"));
    }

    [Theory]
    [InlineData("", "The body is empty; JSON is needed, as /v1/openapi.json describes it.")]
    [InlineData("{", "The body is not the JSON that is needed: line 1 is no JSON, ends too soon or nests too deep.")]
    [InlineData("hello", "The body is not the JSON that is needed: line 1 is no JSON, ends too soon or nests too deep.")]
    [InlineData("""{"value":1,"value":2}""", "The body is not the JSON that is needed: ")]
    [InlineData("""{"value":[[[[[[[[[1]]]]]]]]]}""", "The body is not the JSON that is needed: ")]
    [InlineData("""{"value":null}""", "The value is null; text, a number, true or false is allowed.")]
    [InlineData("""{}""", """The value is missing; {"value":…}, or {"type":…,"value":…}, is needed.""")]
    [InlineData("""[1]""", """The value is missing; {"value":…}, or {"type":…,"value":…}, is needed.""")]
    [InlineData("""{"type":"date","value":1}""", "The type is 'date'; string, int, float, bool or bytes is allowed.")]
    [InlineData("""{"type":7,"value":1}""", "type is 7; text is needed.")]
    [InlineData("""{"type":"bytes","value":"abc"}""", "The value is \"abc\"; bytes are text in hexadecimal, two digits each.")]
    [InlineData("""{"type":"bool","value":"true"}""", "The value is \"true\"; a bool is true or false.")]
    [InlineData("""{"value":18446744073709551616}""", "The value is 18446744073709551616; an int is a whole number from -9223372036854775808 to 18446744073709551615, or its digits as text.")]
    [InlineData("""{"value":1e999}""", "The value is 1e999; a float is a number from -1.8e308 to 1.8e308, or the text NaN, Infinity or -Infinity.")]
    public async Task A_body_that_is_no_value_is_refused_in_a_sentence(string body, string expected)
    {
        Assert.StartsWith(expected, await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", Path, body), StringComparison.Ordinal);
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task An_empty_body_is_called_empty_also_if_its_length_is_not_told_before()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Path) { Content = new StreamContent(new MemoryStream()) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);

        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(
            (HttpStatusCode.BadRequest, "The body is empty; JSON is needed, as /v1/openapi.json describes it."),
            (response.StatusCode, problem.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task What_is_too_large_or_of_another_type_is_refused()
    {
        Assert.Equal(
            "The body is longer than 65536 bytes, the most allowed here.",
            await _api.FailAsync(HttpStatusCode.RequestEntityTooLarge, "PUT", Path, new string('x', 65_537), "text/plain"));
        Assert.Equal(
            $"The value is {StoreRules.MaxContentLength + 1} bytes long; at most {StoreRules.MaxContentLength} are allowed.",
            await _api.FailAsync(HttpStatusCode.RequestEntityTooLarge, "PUT", Path, new string('x', StoreRules.MaxContentLength + 1), "text/plain"));
        Assert.Equal(
            "The content type is 'text/html'; application/json, text/plain or application/octet-stream is allowed.",
            await _api.FailAsync(HttpStatusCode.UnsupportedMediaType, "PUT", Path, "x", "text/html"));
        Assert.Equal(
            "The key has 1025 characters; 1 to 1024 are allowed.",
            await _api.FailAsync(HttpStatusCode.BadRequest, "GET", $"/v1/keys/{new string('k', 1_025)}"));
        Assert.Empty(_api.Dht.Calls);
    }

    [Theory]
    [InlineData("PUT", "keys/key?life=0", "life is '0'; 1 to 31536000 seconds are allowed.")]
    [InlineData("PUT", "keys/key?life=31536001", "life is '31536001'; 1 to 31536000 seconds are allowed.")]
    [InlineData("PUT", "keys/key?life=60&wait=durable", "wait is 'durable'; with a life only network is allowed.")]
    [InlineData("GET", "keys/key?as=id", "as is 'id'; text or digest is allowed.")]
    [InlineData("GET", "keys/key?as=digest", "The key 'key' is no digest; 40 hexadecimal digits are needed.")]
    [InlineData("GET", "nodes/key", "The id is 'key'; 40 hexadecimal digits are needed.")]
    public async Task An_argument_that_is_wrong_is_refused_in_a_sentence(string method, string path, string expected)
    {
        Assert.Equal(expected, await _api.FailAsync(HttpStatusCode.BadRequest, method, $"/v1/{path}", method == "PUT" ? """{"value":1}""" : null));
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task A_dht_that_does_not_respond_is_unavailable()
    {
        _api.Dht.Failure = new DhtUnavailableException("The cluster does not respond.");
        Assert.Equal("The cluster does not respond.", await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "GET", Path));

        _api.Dht.Failure = new InvalidOperationException("a secret");
        Assert.Equal(
            "The request failed for a reason that is in the server's log.",
            await _api.FailAsync(HttpStatusCode.InternalServerError, "GET", Path));

        (_api.Dht.Failure, _api.Dht.Refusal) = (null, new SetResult { Refused = 2, Failed = 1 });
        Assert.StartsWith(
            "The value of the key 'key' was not stored: contacts that rejected it: 2, did not answer: 1; contacts asked: 5",
            await _api.FailAsync(HttpStatusCode.ServiceUnavailable, "PUT", Path, """{"value":1}"""),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreResult.StorageFailed, null, "the storage of this server failed, as its health and its log say, and no contact stored it.")]
    [InlineData(null, StoreResult.StorageFailed, "the storage of this server failed, as its health and its log say, and no contact stored it.")]
    [InlineData(StoreResult.Busy, null, "too many calls wait for this server's storage, or for the key, and no contact stored it.", 0)]
    public async Task A_put_that_storage_failed_names_the_storage(StoreResult? local, StoreResult? publication, string why, int failed = 1)
    {
        _api.Dht.Refusal = new SetResult { Local = local, Publication = publication };
        var before = _api.FailedWrites.Count;

        using var response = await _api.SendAsync("PUT", Path, """{"value":1}""");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "/v1/problems/unavailable", $"The value of the key 'key' was not stored: {why}"),
            (response.StatusCode, problem.RootElement.GetProperty("type").GetString(), problem.RootElement.GetProperty("detail").GetString()));
        Assert.Equal(failed, _api.FailedWrites.Count - before);
    }

    [Theory]
    [InlineData("PUT", "keys/key", """{"value":1}""", 1)]
    [InlineData("DELETE", "keys/key", null, 1)]
    [InlineData("GET", "keys/key", null, 0)]
    [InlineData("HEAD", "keys/key", null, 0)]
    [InlineData("POST", "admin/lookups", """{"target":"key","kind":"node"}""", 0)]
    public async Task A_write_alone_is_one_that_failed(string method, string path, string? body, int count)
    {
        _api.Dht.Failure = _api.Admin.Failure = new DhtUnavailableException("The cluster does not respond.");
        var before = _api.FailedWrites.Count;

        using var response = await _api.SendAsync(method, $"/v1/{path}", body);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(count, _api.FailedWrites.Count - before);
    }

    [Fact]
    public async Task What_strangers_stored_stays_text()
    {
        await _api.Dht.SetAsync(NodeId.FromKey("key"), "<script>\u001b[2J\u202e", SetAcknowledgement.Network);
        using var got = await _api.SendAsync("GET", Path);
        var body = await got.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("application/json", got.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain('<', body);
        Assert.All(body, c => Assert.InRange(c, ' ', '~'));
        Assert.Contains("\\u003Cscript\\u003E\\u001B[2J\\u202E", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_nearest_nodes_and_the_status_are_told()
    {
        await _api.ShowsAsync(
            """{"contacts":[{"sharedPrefixBits":160,"endpoint":"192.0.2.1:8468"}]}""", "GET", $"/v1/nodes/{NodeId.MaxValue}");
        await _api.ShowsAsync("""{"nodes":[{"counts":{"received.Ping":1}}]}""", "GET", "/v1/status");
    }
}
