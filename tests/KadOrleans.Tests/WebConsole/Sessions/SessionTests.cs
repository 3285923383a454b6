using KadOrleans.Tests.Http;

namespace KadOrleans.Tests.WebConsole;

/// <summary>Sessions, and what the server says of the console, without a browser.</summary>
public sealed class SessionTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Session = "/console/session";

    private static readonly ApiToken Token = ApiToken.Create("token", ApiScope.All).Token;

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public void A_session_lasts_its_life_and_no_longer()
    {
        var time = new ManualTimeProvider();
        var sessions = new BrowserSessions(time);
        var (cookie, proof, session) = sessions.Begin(Token);

        Assert.True(sessions.TryFind(cookie, proof, out var found));
        Assert.Same(session, found);
        time.Advance(BrowserSessions.Life);
        Assert.False(sessions.TryFind(cookie, proof, out _));
    }

    [Fact]
    public void A_session_needs_both_of_its_own_secrets()
    {
        var sessions = new BrowserSessions(new ManualTimeProvider());
        var (cookie, proof, _) = sessions.Begin(Token);
        var (otherCookie, otherProof, _) = sessions.Begin(Token);

        Assert.All(
            [(cookie, null), (null, proof), (proof, cookie), (cookie, otherProof), (otherCookie, proof), (cookie, cookie), (cookie, string.Empty)],
            pair => Assert.False(sessions.TryFind(pair.Item1, pair.Item2, out _)));
    }

    [Fact]
    public void Another_tab_signs_in_beside_the_first_and_logging_out_ends_both()
    {
        var sessions = new BrowserSessions(new ManualTimeProvider());
        var (cookie, first, _) = sessions.Begin(Token);
        var (same, second, _) = sessions.Begin(Token, cookie);

        Assert.Equal(cookie, same);
        Assert.NotEqual(first, second);
        Assert.All([first, second], proof => Assert.True(sessions.TryFind(cookie, proof, out _)));
        sessions.End(cookie);
        Assert.All([first, second], proof => Assert.False(sessions.TryFind(cookie, proof, out _)));
    }

    [Fact]
    public void A_cookie_of_nobody_or_of_another_token_is_not_taken_over()
    {
        var sessions = new BrowserSessions(new ManualTimeProvider());
        var (cookie, proof, _) = sessions.Begin(Token);

        Assert.NotEqual("planted", sessions.Begin(Token, "planted").Cookie);
        Assert.NotEqual(cookie, sessions.Begin(ApiToken.Create("other", ApiScope.All).Token, cookie).Cookie);
        Assert.False(sessions.TryFind(cookie, proof, out _));
    }

    [Fact]
    public void The_oldest_session_ends_for_one_too_many()
    {
        var time = new ManualTimeProvider();
        var sessions = new BrowserSessions(time);
        var begun = new List<(string Cookie, string Proof)>();
        for (var i = 0; i <= BrowserSessions.MaxSessions; i++)
        {
            var (cookie, proof, _) = sessions.Begin(Token);
            begun.Add((cookie, proof));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(sessions.TryFind(begun[0].Cookie, begun[0].Proof, out _));
        Assert.All(begun.Skip(1), one => Assert.True(sessions.TryFind(one.Cookie, one.Proof, out _)));
    }

    [Fact]
    public async Task A_login_is_refused_in_a_sentence()
    {
        _api.Http.DefaultRequestHeaders.Authorization = null;

        Assert.Equal("The content type is 'text/plain'; application/json is needed.", await _api.FailAsync(HttpStatusCode.UnsupportedMediaType, "POST", Session, "{}", "text/plain"));
        Assert.Equal("""The token is missing; {"token":…} is needed.""", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Session, "{}"));
        Assert.Equal("The token is not one of this server's.", await _api.FailAsync(HttpStatusCode.Unauthorized, "POST", Session, """{"token":"kad_0"}"""));
        Assert.Equal(
            "The body is longer than 1024 bytes, the most allowed here.",
            await _api.FailAsync(HttpStatusCode.RequestEntityTooLarge, "POST", Session, new string(' ', 2_000)));

    }

    // The client keeps cookies, as a browser does.
    [Fact]
    public async Task A_cookie_alone_gives_nothing_and_the_login_alone_tells_the_proof()
    {
        using var begun = await LogInAsync();
        Assert.Contains("; path=/; samesite=strict; httponly", Assert.Single(begun.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        var proof = (SessionCookie.ProofHeader, await ProofOfAsync(begun));
        string[] requests =
        [
            "GET /console/session", "GET /console/live", "GET /v1/admin/usage", "GET /v1/admin/values", "GET /v1/admin/crawls/x/events",
            "GET /v1/keys/key", "GET /v1/keys/key/events", "GET /v1/status", "DELETE /v1/admin/keys/key", "DELETE /console/session",
        ];
        foreach (var request in requests.Select(request => request.Split(' ')))
        {
            Assert.Equal(
                "The request has no token; the header Authorization: Bearer TOKEN is needed.",
                await _api.FailAsync(HttpStatusCode.Unauthorized, request[0], request[1]));
            Assert.Equal(
                "The session has ended; log in again.",
                await _api.FailAsync(HttpStatusCode.Unauthorized, request[0], request[1], headers: (SessionCookie.ProofHeader, "wrong")));
        }

        Assert.Empty(_api.Admin.Calls);
        var session = await _api.JsonAsync("GET", Session, headers: proof);
        Assert.Equal("operator", session.GetProperty("name").GetString());
        Assert.False(session.TryGetProperty("proof", out _));
        await _api.JsonAsync("GET", "/v1/admin/usage", headers: proof);
        await _api.JsonAsync("DELETE", "/v1/admin/keys/key", headers: proof);
        using var ended = await _api.SendAsync("DELETE", Session, headers: proof);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        await _api.FailAsync(HttpStatusCode.Unauthorized, "GET", "/v1/admin/usage", headers: proof);
    }

    [Theory]
    [InlineData("/console/live")]
    [InlineData("/v1/keys/key/events")]
    [InlineData("/v1/admin/crawls/20261102T000000000Z/events")]
    public async Task A_stream_ends_with_the_session_that_asked_for_it(string path)
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        await _api.JsonAsync("POST", "/v1/admin/crawls");
        using var begun = await LogInAsync();
        var proof = await ProofOfAsync(begun);
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { SessionCookie.ProofHeader, proof } } };
        using var response = await _api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var stream = response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var ended = await _api.SendAsync("DELETE", Session, headers: (SessionCookie.ProofHeader, proof));

        await Eventually.IsTrueAsync(() =>
        {
            _api.Time.Advance(Heartbeats.Interval);
            return stream.IsCompleted;
        });
        Assert.StartsWith("event: ", await stream, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proof_without_the_cookie_gives_nothing()
    {
        using var begun = await LogInAsync();
        using var other = new HttpClient { BaseAddress = _api.Http.BaseAddress };
        other.DefaultRequestHeaders.Add(SessionCookie.ProofHeader, await ProofOfAsync(begun));
        using var response = await other.GetAsync(new Uri("/v1/admin/usage", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Under_a_name_that_is_asked_by_HTTPS_the_cookie_is_for_HTTPS_and_this_host_alone()
    {
        var name = ("Host", ApiHost.EncryptedName);
        using var begun = await LogInAsync(name);
        var cookie = Assert.Single(begun.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-kad-console-0=", cookie, StringComparison.Ordinal);
        Assert.Contains("; path=/; secure; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("domain", cookie, StringComparison.Ordinal);

        (string, string)[] both = [name, ("Cookie", cookie.Split(';')[0]), (SessionCookie.ProofHeader, await ProofOfAsync(begun))];
        await _api.JsonAsync("GET", Session, headers: both);
        using var plain = await LogInAsync(("X-Forwarded-Proto", "https"));
        Assert.DoesNotContain("secure", Assert.Single(plain.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pages_come_with_a_strict_policy_and_the_root_leads_to_them()
    {
        _api.Http.DefaultRequestHeaders.Authorization = null;
        using var page = await _api.SendAsync("GET", "/");
        Assert.Equal("/console/", page.RequestMessage!.RequestUri!.AbsolutePath);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        using var bare = await _api.SendAsync("GET", "/console");
        Assert.Equal("/console/", bare.RequestMessage!.RequestUri!.AbsolutePath);
        using var named = await _api.SendAsync("GET", "/console/index.html");
        Assert.Equal((HttpStatusCode.OK, "/console/index.html"), (named.StatusCode, named.RequestMessage!.RequestUri!.AbsolutePath));
        Assert.Equal(page.Headers.ETag, named.Headers.ETag);
        await _api.FailAsync(HttpStatusCode.NotFound, "GET", "/console/..%2Fsecret");
        await _api.FailAsync(HttpStatusCode.Unauthorized, "GET", "/console/live");

        using var script = await _api.SendAsync("GET", "/console/app.js");
        using var unchanged = await _api.SendAsync("GET", "/console/app.js", headers: ("If-None-Match", $"{script.Headers.ETag}"));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    private static async Task<string> ProofOfAsync(HttpResponseMessage login)
    {
        await using var body = await login.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        return (await JsonDocument.ParseAsync(body, cancellationToken: TestContext.Current.CancellationToken)).RootElement.GetProperty("proof").GetString()!;
    }

    private async Task<HttpResponseMessage> LogInAsync(params (string, string)[] headers)
    {
        _api.Http.DefaultRequestHeaders.Authorization = null;
        var response = await _api.SendAsync("POST", Session, $$"""{"token":"{{File.ReadAllText(_api.Folder["http-token"])}}"}""", headers: headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }
}
