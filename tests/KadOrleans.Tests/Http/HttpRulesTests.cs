using KadOrleans.Tests.Cli;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Http;

/// <summary>What HTTP's own documents ask of a server: RFC 9110, RFC 9457 and RFC 6750.</summary>
public sealed class HttpRulesTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Path = "/v1/keys/key";

    private readonly ApiHost _api = host.Reset();

    [Theory]
    [InlineData("POST", "/v1/keys/a", "DELETE, GET, HEAD, OPTIONS, PUT")]
    [InlineData("HEAD", "/v1/keys:batch", "OPTIONS, POST")]
    [InlineData("DELETE", "/v1/status", "GET, HEAD, OPTIONS")]
    [InlineData("GET", "/v1/admin/edges/edge-1:drain", "OPTIONS, POST")]
    [InlineData("PATCH", "/v1/admin/limits/totalKeys", "DELETE, OPTIONS, PUT")]
    [InlineData("PUT", "/v1/openapi.json", "GET, HEAD, OPTIONS")]
    public async Task A_known_path_names_its_methods(string method, string path, string allowed)
    {
        using var refused = await _api.SendAsync(method, path);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, allowed), (refused.StatusCode, Allowed(refused)));
        using var asked = await _api.SendAsync("OPTIONS", path);
        Assert.Equal((HttpStatusCode.NoContent, allowed), (asked.StatusCode, Allowed(asked)));
        using var unknown = await _api.SendAsync("OPTIONS", "/v1/else");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Empty(_api.Dht.Calls);
        Assert.Empty(_api.Admin.Calls);

        static string Allowed(HttpResponseMessage response) => string.Join(", ", response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("application/octet-stream", "Content-Encoding", "gzip", "The content encoding is 'gzip'; a body as it is, without one, is allowed.")]
    [InlineData("application/json", "Content-Encoding", "identity, br", "The content encoding is 'br'; ")]
    [InlineData("text/plain; charset=utf-16le", null, null, "The charset is 'utf-16le'; UTF-8 is allowed. Text in another one can be sent as application/octet-stream.")]
    [InlineData("text/plain; charset=\"iso-8859-1\"", null, null, "The charset is 'iso-8859-1'; ")]
    [InlineData("text/plain; charset=utf-8; charset=latin1", null, null, "The charset is 'latin1'; ")]
    [InlineData("application/json; charset=utf-16", null, null, "The charset is 'utf-16'; ")]
    [InlineData("text/plain", "Content-Range", "bytes 0-1/2", "The header Content-Range says that the body is a part; a whole one is needed.")]
    public async Task A_body_that_is_not_the_content_itself_is_refused_and_nothing_is_stored(
        string type, string? header, string? value, string sentence)
    {
        (string, string)[] headers = header is null ? [] : [(header, value!)];
        (string, string)[] places = type.StartsWith("application/json", StringComparison.Ordinal)
            ? [("PUT", Path), ("POST", "/v1/keys:batch"), ("PUT", "/v1/items")]
            : [("PUT", Path)];
        foreach (var (method, path) in places)
        {
            using var refused = await _api.SendAsync(method, path, """{"value":"1"}""", type, headers);
            var expected = header == "Content-Range" ? HttpStatusCode.BadRequest : HttpStatusCode.UnsupportedMediaType;
            using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal(expected, refused.StatusCode);
            Assert.StartsWith(sentence, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Empty(_api.Dht.Calls);
    }

    /// <summary>RFC 9112 §6.1.</summary>
    [Fact]
    public async Task A_transfer_encoding_beside_chunked_is_refused_and_nothing_is_stored()
    {
        const string Body = "Content-Type: text/plain\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        var refused = await _api.SendRawAsync("PUT", Path, $"Transfer-Encoding: gzip, chunked\r\n{Body}");
        Assert.StartsWith("HTTP/1.1 501", refused, StringComparison.Ordinal);
        Assert.Contains("; chunked is allowed.", refused, StringComparison.Ordinal);
        Assert.Empty(_api.Dht.Calls);

        Assert.StartsWith("HTTP/1.1 200", await _api.SendRawAsync("PUT", Path, $"Transfer-Encoding: chunked\r\n{Body}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain; charset=UTF-8", null)]
    [InlineData("text/plain; charset=\"us-ascii\"", null)]
    [InlineData("application/json; charset=utf-8", "identity")]
    [InlineData("application/octet-stream; charset=iso-8859-1", null)]
    public async Task A_body_that_is_the_content_itself_is_taken(string type, string? encoding)
    {
        (string, string)[] headers = encoding is null ? [] : [("Content-Encoding", encoding)];
        using var put = await _api.SendAsync("PUT", Path, """{"value":"1"}""", type, headers);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
    }

    /// <summary>RFC 9112 §9.6: else the next request on the connection gets no response.</summary>
    [Theory]
    [InlineData("DELETE", Path, true)]
    [InlineData("POST", Path, null)]
    [InlineData("PUT", "/v1/else", null)]
    [InlineData("GET", "/v1/status", true)]
    [InlineData("POST", "/v1/keys:batch", null)]
    public async Task Whoever_sends_a_body_that_nobody_reads_is_told_if_the_connection_ends(string method, string path, bool? ends)
    {
        for (var i = 0; i < 20; i++)
        {
            using var response = await _api.SendAsync(method, path, """{"value":"1"}""");
            Assert.Equal(ends, response.Headers.ConnectionClose);
            using var next = await _api.SendAsync("PUT", Path, """{"value":"1"}""");
            Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        }
    }

    [Fact]
    public async Task Each_form_of_a_value_has_its_own_tag_which_the_lookup_does_not_change()
    {
        await _api.JsonAsync("PUT", Path, """{"value":"1"}""");
        string[] forms = ["application/json", "text/plain", "application/octet-stream"];
        var tags = new List<string>();
        foreach (var form in forms)
        {
            using var got = await _api.SendAsync("GET", Path, headers: ("Accept", form));
            Assert.Equal("Accept", Assert.Single(got.Headers.Vary));
            Assert.False(got.Headers.ETag!.IsWeak);
            tags.Add(got.Headers.ETag.Tag);
            using var again = await _api.SendAsync("GET", Path, headers: [("Accept", form), ("If-None-Match", tags[^1])]);
            Assert.Equal((HttpStatusCode.NotModified, tags[^1], "Accept"), (again.StatusCode, again.Headers.ETag!.Tag, Assert.Single(again.Headers.Vary)));
        }

        Assert.Equal(3, tags.Distinct().Count());
        using var other = await _api.SendAsync("GET", Path, headers: [("Accept", "text/plain"), ("If-None-Match", tags[0])]);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        foreach (var (form, body) in forms.Zip(["""{"value":"1"}""", "1", "1"]))
        {
            using var put = await _api.SendAsync("PUT", Path, body, form);
            using var got = await _api.SendAsync("GET", Path, headers: ("Accept", form));
            Assert.Equal(got.Headers.ETag, put.Headers.ETag);
        }
    }

    [Fact]
    public async Task A_condition_takes_the_strong_tag_of_any_form_and_a_repeated_put_finds_its_own_success()
    {
        await _api.JsonAsync("PUT", Path, """{"value":"1"}""");
        using var text = await _api.SendAsync("GET", Path, headers: ("Accept", "text/plain"));
        var tag = text.Headers.ETag!.Tag;
        Assert.Equal(
            "If-Match does not hold: the key has another version, or no value; a tag with W/ matches none.",
            await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, """{"value":"2"}""", headers: ("If-Match", $"W/{tag}")));
        Assert.Equal(
            "If-None-Match does not hold: the key has that version.",
            await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, """{"value":"2"}""", headers: ("If-None-Match", $"W/{tag}")));
        for (var tries = 0; tries < 2; tries++)
        {
            await _api.JsonAsync("PUT", Path, """{"value":"2"}""", ("If-Match", tag), ("Idempotency-Key", "one"));
        }

        Assert.StartsWith(
            "The condition does not hold, and whether this call was done before is not known",
            await _api.FailAsync(HttpStatusCode.Conflict, "PUT", Path, """{"value":"2"}""", headers: [("If-Match", tag), ("Idempotency-Key", "another")]),
            StringComparison.Ordinal);

        // An id is of its token. A put of a batch is the same call as one alone.
        var other = ("Authorization", $"Bearer {File.ReadAllText(_api.Folder[OwnToken.FileName])}");
        await _api.FailAsync(HttpStatusCode.Conflict, "PUT", Path, """{"value":"2"}""", headers: [("If-Match", tag), ("Idempotency-Key", "one"), other]);
        var operation = $$"""{"op":"put","key":"key","value":"2","ifMatch":{{JsonSerializer.Serialize(tag)}},"idempotencyKey":"one"}""";
        var batch = await _api.JsonAsync("POST", "/v1/keys:batch", $$"""{"operations":[{{operation}}]}""");
        Assert.Equal(200, batch.GetProperty("results")[0].GetProperty("status").GetInt32());

        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, """{"value":"3"}""", headers: ("If-Match", tag));
        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, """{"value":"2"}""", headers: ("If-None-Match", "*"));
        Assert.Equal("2", (await _api.JsonAsync("GET", Path)).GetProperty("value").GetString());
    }

    [Theory]
    [InlineData("PUT", "If-Match", "abc", "If-Match is 'abc'; * or tags in quotes are needed.")]
    [InlineData("PUT", "If-None-Match", "\"a\", b", "If-None-Match is '\"a\", b'; * or tags in quotes are needed.")]
    [InlineData("DELETE", "If-Match", "abc", "If-Match is 'abc'; * or tags in quotes are needed.")]
    [InlineData("PUT", "If-Match", "*, \"a\"", "If-Match is '*, \"a\"'; * or tags in quotes are needed.")]
    [InlineData("DELETE", "If-None-Match", "*", "If-None-Match is '*': then there is nothing to remove; If-Match, or tags, are allowed.")]
    [InlineData("PUT", "Idempotency-Key", "abc", "Idempotency-Key is set; If-Match with one tag, or If-None-Match: *, is needed with it.")]
    [InlineData("DELETE", "Idempotency-Key", "abc", "Idempotency-Key is set; If-Match with one tag, or If-None-Match: *, is needed with it.")]
    public async Task A_condition_that_would_be_left_out_is_refused(string method, string name, string value, string sentence)
    {
        Assert.Equal(sentence, await _api.FailAsync(HttpStatusCode.BadRequest, method, Path, """{"value":1}""", headers: (name, value)));
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task A_problem_has_a_type_that_this_server_describes()
    {
        var list = (await _api.JsonAsync("GET", ProblemType.Root)).GetProperty("problems").EnumerateArray().ToList();
        Assert.Equal(ProblemType.All.Count, list.Select(one => one.GetProperty("type").GetString()).Distinct().Count());
        var (type, status) = await ProblemAsync("GET", "/v1/keys/none");
        Assert.Equal(("/v1/problems/no-value", HttpStatusCode.NotFound), (type, status));
        await _api.ShowsAsync("""{"type":"/v1/problems/no-value","status":404,"title":"No value was found"}""", "GET", type);
        Assert.Equal("/v1/problems/no-such-path", (await ProblemAsync("GET", "/v1/else")).Type);
        Assert.Equal("/v1/problems/unknown-name", (await ProblemAsync("GET", $"{Path}?sa=digest")).Type);
        Assert.Equal("/v1/problems/wrong-request", (await ProblemAsync("GET", $"{Path}?as=id")).Type);
        await _api.ShowsAsync(
            """{"results":[{"status":404,"problemType":"/v1/problems/no-value"},{"status":404,"problemType":"/v1/problems/not-published"}]}""",
            "POST", "/v1/keys:batch", """{"operations":[{"op":"get","key":"none"},{"op":"delete","key":"none"}]}""");
    }

    [Theory]
    [InlineData(
        StoreResult.TotalQuotaExceeded,
        null,
        "totalQuotaExceeded",
        "The value of the key 'key' was not stored: the key's shard has its part of all that the cluster may hold (3 of 7 keys); "
        + "raise 'totalKeys' with 'kad admin limits set', or 'Kad:Cluster:Quota:TotalKeys'.")]
    [InlineData(
        StoreResult.KeptQuotaExceeded,
        null,
        "keptQuotaExceeded",
        "The value of the key 'key' was not stored: as many items are kept for their owners here as may be; raise 'keptKeys' with "
        + "'kad admin limits set', '--max-kept' or 'Kad:Cluster:Quota:KeptKeys'.")]
    [InlineData(
        null,
        StoreResult.TotalQuotaExceeded,
        "publicationsFull",
        "The value of the key 'key' was not stored: as many keys are published from here as may be; 'kad admin publications' lists them, and "
        + "'kad admin delete KEY' ends one.")]
    public async Task A_full_store_is_a_problem_of_its_own_type_alone_and_in_a_batch(
        StoreResult? local, StoreResult? publication, string reason, string sentence)
    {
        _api.Dht.Refusal = new SetResult { Local = local, Publication = publication };
        foreach (var path in new[] { Path, "/v1/admin/keys/key/value" })
        {
            using var response = await _api.SendAsync("PUT", path, """{"value":1}""");
            var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
            Assert.Equal(HttpStatusCode.InsufficientStorage, response.StatusCode);
            Assert.Equal(
                ("/v1/problems/store-full", reason, sentence),
                (problem.GetProperty("type").GetString(), problem.GetProperty("reason").GetString(), problem.GetProperty("detail").GetString()));
        }

        const string Batch = """{"operations":[{"op":"put","key":"key","value":1}]}""";
        var result = (await _api.JsonAsync("POST", "/v1/keys:batch", Batch)).GetProperty("results")[0];
        Assert.Equal(
            (507, "/v1/problems/store-full", reason, sentence),
            (
                result.GetProperty("status").GetInt32(),
                result.GetProperty("problemType").GetString(),
                result.GetProperty("reason").GetString(),
                result.GetProperty("problem").GetString()));
    }

    [Theory]
    [InlineData("Bearer x", "GET", Path, "Bearer realm=\"kad\", error=\"invalid_token\", error_description=\"The token is not one of this server's\"")]
    [InlineData("", "GET", Path, "Bearer realm=\"kad\"")]
    [InlineData("Basic YTpi", "GET", Path, "Bearer realm=\"kad\"")]
    [InlineData("reader", "PUT", Path, "Bearer realm=\"kad\", error=\"insufficient_scope\", scope=\"write\"")]
    [InlineData("reader", "POST", "/v1/keys:batch", "Bearer realm=\"kad\", error=\"insufficient_scope\", scope=\"write\"")]
    public async Task A_challenge_says_what_is_wrong_with_the_token(string token, string method, string path, string expected)
    {
        // A reader may ask once a second.
        await using var api = await ApiHost.StartAsync();
        api.Http.DefaultRequestHeaders.Authorization = null;
        using var refused = await api.SendAsync(
            method,
            path,
            method == "POST" ? """{"operations":[{"op":"put","key":"a","value":1}]}""" : null,
            headers: token.Length == 0 ? [] : [("Authorization", token == "reader" ? api.Reader.Item2 : token)]);
        Assert.Equal(expected, Assert.Single(refused.Headers.NonValidated["WWW-Authenticate"]));
    }

    [Fact]
    public async Task What_is_unavailable_says_when_to_try_again()
    {
        _api.Dht.Failure = new DhtUnavailableException("The cluster does not respond.");
        using var refused = await _api.SendAsync("GET", Path);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (refused.StatusCode, refused.Headers.RetryAfter?.Delta));
    }

    [Theory]
    [InlineData("PUT", Path + "?lief=5", """{"value":1}""", "The parameter 'lief' is unknown; did you mean 'life'?")]
    [InlineData("PUT", Path + "?ttl=5", """{"value":1}""", "The parameter 'ttl' is unknown; as, wait, life are allowed.")]
    [InlineData("GET", Path + "?key=other", null, "The parameter 'key' is unknown; as is allowed.")]
    [InlineData("GET", "/v1/status?full=1", null, "The parameter 'full' is unknown; none is allowed here.")]
    [InlineData("PUT", Path, """{"vlaue":1}""", "The field 'vlaue' is unknown; did you mean 'value'?")]
    [InlineData("PUT", Path, """{"value":1,"life":5}""", "The field 'life' is unknown; type, value are allowed.")]
    [InlineData("POST", "/v1/keys:batch", """{"operation":[]}""", "The field 'operation' is unknown; did you mean 'operations'?")]
    [InlineData("POST", "/v1/keys:batch", """{"operations":[{"op":"get","key":"a"},{"op":"put","kye":"a","value":1}]}""", "Operation 2: The field 'kye' is unknown; did you mean 'key'?")]
    public async Task A_name_that_is_unknown_is_refused_and_the_one_that_is_meant_is_named(string method, string path, string? body, string sentence)
    {
        Assert.Equal(sentence, await _api.FailAsync(HttpStatusCode.BadRequest, method, path, body));
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task Retried_doublings_of_shards_say_the_number_that_they_double()
    {
        var run = await _api.RunAsync("shards", "double", "--yes");
        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal("DoubleShards 16", _api.Admin.Calls.Last());
    }

    [Fact]
    public async Task An_edge_says_that_a_silo_must_be_asked()
    {
        var (secret, token) = ApiToken.Create("all", ApiScope.All);
        await using var edge = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "Kad:Http:Port", "Kad:Http:Hosts"),
            () => new Health(Health.Ready),
            pages => pages.MapDhtApi(),
            services => services.AddTransient<IDht>(_ => new FakeDht()).AddDhtApi(new ApiTokens(token)),
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[OwnToken.FileName], secret);

        var run = await KadRun.RunAsync("admin", "edges", "--url", $"http://{edge.Address}", "--data", folder.Path);
        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains($"--url is 'http://{edge.Address}/', an edge, which has no management; the HTTP address of a silo is needed.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("key", "delete")]
    [InlineData("shards", "find")]
    public async Task An_empty_key_is_refused_by_commands_too(params string[] command)
    {
        var run = await _api.RunAsync([.. command, string.Empty]);
        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains("KEY is ''. The key has 0 characters; 1 to 1024 are allowed.", run.Error, StringComparison.Ordinal);
        Assert.Empty(_api.Admin.Calls);
    }

    [Fact]
    public async Task A_line_of_an_import_with_an_unknown_field_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["lines.jsonl"], "{\"key\":\"a\",\"value\":1}\n{\"kye\":\"b\",\"value\":1}\n");
        var run = await _api.RunAsync("import", folder["lines.jsonl"]);
        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains("FILE: line 2: The field 'kye' is unknown; did you mean 'key'?", run.Error, StringComparison.Ordinal);
        Assert.Empty(_api.Dht.Calls);
    }

    private async Task<(string Type, HttpStatusCode Status)> ProblemAsync(string method, string path)
    {
        using var response = await _api.SendAsync(method, path);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return (problem.GetProperty("type").GetString()!, response.StatusCode);
    }

    /// <summary>A silo that began calls while it stops would wait for them until its shutdown timeout.</summary>
    [Theory]
    [InlineData("GET", Path)]
    [InlineData("PUT", Path)]
    [InlineData("DELETE", Path)]
    [InlineData("GET", "/v1/status")]
    [InlineData("GET", "/v1/admin/silos")]
    public async Task A_server_that_stops_begins_no_call_and_says_so(string method, string path)
    {
        await using var stopping = await ApiHost.StartAsync();
        stopping.BeginStop();
        using var refused = await stopping.SendAsync(method, path, method == "PUT" ? "value" : null, "text/plain");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (refused.StatusCode, refused.Headers.RetryAfter is not null));
        using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("/v1/problems/unavailable", problem.RootElement.GetProperty("type").GetString());
        Assert.Equal("stopping", problem.RootElement.GetProperty("reason").GetString());
        Assert.Empty(stopping.Dht.Calls);
        Assert.Empty(stopping.Admin.Calls);
        Assert.Equal(0, stopping.FailedWrites.Count);

        // Who watches it still learns its state.
        using var health = await stopping.SendAsync("GET", "/health/ready");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }
}
