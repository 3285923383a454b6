using KadOrleans.Tests.Http;

namespace KadOrleans.Tests.WebConsole;

/// <summary>Sessions, and what the server says of the console, without a browser.</summary>
public sealed class SessionTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly ApiToken Token = ApiToken.Create("token", ApiScope.All).Token;

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public void A_session_lasts_its_life_and_no_longer()
    {
        var time = new ManualTimeProvider();
        var sessions = new BrowserSessions(time);
        var (secret, session) = sessions.Begin(Token);

        Assert.True(sessions.TryFind(secret, out var found));
        Assert.Same(session, found);
        Assert.False(sessions.TryFind(session.Proof, out _));
        time.Advance(BrowserSessions.Life);
        Assert.False(sessions.TryFind(secret, out _));
    }

    [Fact]
    public void The_oldest_session_ends_for_one_too_many()
    {
        var time = new ManualTimeProvider();
        var sessions = new BrowserSessions(time);
        var secrets = new List<string>();
        for (var i = 0; i <= BrowserSessions.MaxSessions; i++)
        {
            secrets.Add(sessions.Begin(Token).Secret);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(sessions.TryFind(secrets[0], out _));
        Assert.All(secrets.Skip(1), secret => Assert.True(sessions.TryFind(secret, out _)));
        sessions.End(secrets[1]);
        Assert.False(sessions.TryFind(secrets[1], out _));
    }

    [Fact]
    public async Task A_login_is_refused_in_a_sentence_and_a_change_needs_the_proof()
    {
        const string Session = "/console/session";
        _api.Http.DefaultRequestHeaders.Authorization = null;
        var login = $$"""{"token":"{{File.ReadAllText(_api.Folder["http-token"])}}"}""";

        Assert.Equal("The content type is 'text/plain'; application/json is needed.", await _api.FailAsync(HttpStatusCode.UnsupportedMediaType, "POST", Session, login, "text/plain"));
        Assert.Equal("""The token is missing; {"token":…} is needed.""", await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Session, "{}"));
        Assert.Equal("The token is not one of this server's.", await _api.FailAsync(HttpStatusCode.Unauthorized, "POST", Session, """{"token":"kad_0"}"""));
        Assert.Equal(
            "The body is longer than 1024 bytes, the most allowed here.",
            await _api.FailAsync(HttpStatusCode.RequestEntityTooLarge, "POST", Session, new string(' ', 2_000)));

        using var begun = await _api.SendAsync("POST", Session, login);
        Assert.Contains("; path=/; samesite=strict; httponly", Assert.Single(begun.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        var proof = (SessionCookie.ProofHeader, (await _api.JsonAsync("GET", Session)).GetProperty("proof").GetString()!);

        await _api.JsonAsync("GET", "/v1/admin/usage");
        await _api.FailAsync(HttpStatusCode.Forbidden, "DELETE", "/v1/admin/keys/key");
        await _api.FailAsync(HttpStatusCode.Forbidden, "DELETE", "/v1/admin/keys/key", headers: (SessionCookie.ProofHeader, "wrong"));
        await _api.JsonAsync("DELETE", "/v1/admin/keys/key", headers: proof);
        await _api.FailAsync(HttpStatusCode.Forbidden, "DELETE", Session);
        using var ended = await _api.SendAsync("DELETE", Session, headers: proof);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        await _api.FailAsync(HttpStatusCode.Unauthorized, "GET", "/v1/admin/usage");
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
        await _api.FailAsync(HttpStatusCode.NotFound, "GET", "/console/..%2Fsecret");
        await _api.FailAsync(HttpStatusCode.Unauthorized, "GET", "/console/live");

        using var script = await _api.SendAsync("GET", "/console/app.js");
        using var unchanged = await _api.SendAsync("GET", "/console/app.js", headers: ("If-None-Match", $"{script.Headers.ETag}"));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }
}
