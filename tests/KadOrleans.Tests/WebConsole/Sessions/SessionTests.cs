namespace KadOrleans.Tests.WebConsole;

/// <summary>Sessions, and what the server says of the console, without a browser.</summary>
public sealed class SessionTests
{
    private static readonly ApiToken Token = ApiToken.Create("token", ApiScope.All).Token;

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
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{node.HttpAddress}") };
        var token = File.ReadAllText(folder["http-token"]).Trim();

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "The content type of a login is application/json."), await LogInAsync(http, $$"""{"token":"{{token}}"}""", "text/plain"));
        Assert.Equal((HttpStatusCode.BadRequest, """The token is missing; {"token":…} is needed."""), await LogInAsync(http, "{}"));
        Assert.Equal((HttpStatusCode.Unauthorized, "The token is not one of this server's."), await LogInAsync(http, """{"token":"kad_0"}"""));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "The body is longer than 1024 bytes, which are allowed here."), await LogInAsync(http, new string(' ', 2_000)));

        using var begun = await http.PostAsync(new Uri("/console/session", UriKind.Relative), Json($$"""{"token":"{{token}}"}"""), TestContext.Current.CancellationToken);
        var cookie = Assert.Single(begun.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        var proof = JsonDocument.Parse(await begun.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("proof").GetString();

        Assert.Equal(HttpStatusCode.OK, await SendAsync(http, "GET", "/v1/admin/usage"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(http, "DELETE", "/v1/admin/keys/key"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(http, "DELETE", "/v1/admin/keys/key", "wrong"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(http, "DELETE", "/v1/admin/keys/key", proof));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(http, "DELETE", "/console/session"));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(http, "DELETE", "/console/session", proof));
    }

    [Fact]
    public async Task The_pages_come_with_a_strict_policy_and_the_root_leads_to_them()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{node.HttpAddress}") };

        using var page = await http.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("/console/", page.RequestMessage!.RequestUri!.AbsolutePath);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        using var bare = await http.GetAsync(new Uri("/console", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("/console/", bare.RequestMessage!.RequestUri!.AbsolutePath);
        using var missing = await http.GetAsync(new Uri("/console/..%2Fsecret", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var live = await http.GetAsync(new Uri("/console/live", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, live.StatusCode);

        using var again = new HttpRequestMessage(HttpMethod.Get, "/console/app.js");
        using var script = await http.GetAsync(new Uri("/console/app.js", UriKind.Relative), TestContext.Current.CancellationToken);
        again.Headers.IfNoneMatch.Add(script.Headers.ETag!);
        using var unchanged = await http.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    private static async Task<(HttpStatusCode, string?)> LogInAsync(HttpClient http, string body, string type = "application/json")
    {
        using var response = await http.PostAsync(new Uri("/console/session", UriKind.Relative), Json(body, type), TestContext.Current.CancellationToken);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return (response.StatusCode, problem.GetProperty("detail").GetString());
    }

    private static StringContent Json(string body, string type = "application/json") => new(body, Encoding.UTF8, type);

    private static async Task<HttpStatusCode> SendAsync(HttpClient http, string method, string path, string? proof = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation(SessionCookie.ProofHeader, proof);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
