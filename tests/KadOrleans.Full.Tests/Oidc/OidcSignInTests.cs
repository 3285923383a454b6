using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using KadOrleans.Node;
using KadOrleans.Oidc;

namespace KadOrleans.Full.Tests;

/// <summary>Users of an identity provider at the API of a node, and in a browser before its console.</summary>
public sealed class OidcSignInTests : IAsyncLifetime
{
    private TestProvider _provider = null!;
    private KadNode _node = null!;
    private StatusServer _server = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await TestProvider.StartAsync();
        _node = await KadNode.CreateBuilder().UseUdp(new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")] }).BuildAsync();
        await _node.StartAsync(TestContext.Current.CancellationToken);
        var options = new KadOidcOptions
        {
            Authority = _provider.Authority,
            Audience = TestProvider.Audience,
            ClientId = TestProvider.Client,
            ClientSecret = TestProvider.Secret, Name = "the test",
        };
        _server = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"),
            () => new Health(Health.Ready),
            pages =>
            {
                pages.MapDhtApi();
                pages.MapKadConsole();
            },
            services =>
            {
                services.AddSingleton<IDht>(_node).AddSingleton(_node.Admin).AddDhtApi(new ApiTokens())
                    .AddKadConsole(new ConsoleSubject(IsCluster: false, "memory"));
                new OidcSignIn().AddServices(services, options, hasConsole: true);
            },
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken);
        _browser = new HttpClient(
            new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_server.Address.Port}") };
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _server.DisposeAsync();
        await _node.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_role_gives_its_scope_and_the_audit_log_names_the_user()
    {
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Get, "/v1/admin/bans", _provider.Token()));
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Put, "/v1/admin/bans?ban=203.0.113.0/24", _provider.Token()));
        Assert.Equal("anna@example.org (248289)", (await _node.Admin.ReadAuditAsync(1, null, TestContext.Current.CancellationToken))[0].Who);

        var refused = (HttpStatusCode.Forbidden, "No role of the user 'anna@example.org (248289)' gives the scope 'manage'; its roles give view.");
        Assert.Equal(refused, await AskAsync(HttpMethod.Put, "/v1/admin/bans?ban=203.0.113.0/24", _provider.Token(["kad-view"])));
        Assert.Equal(
            (HttpStatusCode.Forbidden, "No role of the user 'anna@example.org (248289)' gives the scope 'view'; its roles give none."),
            await AskAsync(HttpMethod.Get, "/v1/admin/bans", _provider.Token(["another"])));
    }

    [Fact]
    public async Task A_token_that_is_not_the_providers_for_this_audience_and_now_is_refused_in_a_sentence()
    {
        await RefusedAsync("The token expired at ", _provider.Token(minutes: -10));
        await RefusedAsync(
            $"The token's issuer is 'https://elsewhere.example.org'; one of {_provider.Authority} is needed.",
            _provider.Token(issuer: "https://elsewhere.example.org"));
        await RefusedAsync($"The token is for another audience; '{TestProvider.Audience}' is needed.", _provider.Token(audience: "api://another"));
        var signature = $"The token's signature is by no key of {_provider.Authority}.";
        await RefusedAsync(signature, _provider.Token(isSigned: false));
        await RefusedAsync(signature, _provider.Token(key: TestProvider.NewKey()));

        // Another user's claims under this one's signature.
        var (mine, others) = (_provider.Token(["another"]).Split('.'), _provider.Token().Split('.'));
        await RefusedAsync(signature, $"{mine[0]}.{others[1]}.{mine[2]}");
        await RefusedAsync("The token", "a.b.c");
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "The request's token is not one of this server's."), await AskAsync(
                HttpMethod.Get, "/v1/admin/bans", "kad_0123"));
    }

    [Fact]
    public async Task A_key_that_the_provider_took_up_meanwhile_is_asked_for()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Get, "/v1/admin/bans", _provider.Token())).Status);

        _provider.ChangeKey();

        await Eventually.ReadAsync(
            async () => (await AskAsync(HttpMethod.Get, "/v1/admin/bans", _provider.Token())).Status, status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_provider_that_does_not_respond_is_named()
    {
        var token = _provider.Token();
        var authority = _provider.Authority;
        await _provider.DisposeAsync();

        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, $"The identity provider {authority} does not say its keys; try again, or use a token of this server."),
            await AskAsync(HttpMethod.Get, "/v1/admin/bans", token));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync("/console/sign-in")).StatusCode);
    }

    [Fact]
    public async Task A_browser_signs_in_at_the_provider_and_gets_a_session_of_the_console()
    {
        Assert.Equal("the test", JsonNode.Parse(await _browser.GetStringAsync(
            new Uri("/console/provider", UriKind.Relative), TestContext.Current.CancellationToken))!["name"]!.GetValue<string>());
        using var back = await SignInAsync();
        Assert.Equal(HttpStatusCode.Redirect, back.StatusCode);
        var code = back.Headers.Location!.OriginalString.Split("/console/#sign-in=")[1];

        // Who has the code alone, as of a link in another browser, begins nothing, and it is good once.
        using var stranger = new HttpClient { BaseAddress = _browser.BaseAddress };
        using var refused = await RedeemAsync(stranger, code);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var begun = await RedeemAsync(_browser, code);
        Assert.Equal(HttpStatusCode.OK, begun.StatusCode);
        var session = JsonNode.Parse(await begun.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        using var again = await RedeemAsync(_browser, code);
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);

        _browser.DefaultRequestHeaders.Add(SessionCookie.ProofHeader, session["proof"]!.GetValue<string>());
        using var bans = await GetAsync("/v1/admin/bans");
        using var keys = await GetAsync("/v1/keys/greeting");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (bans.StatusCode, keys.StatusCode));
        Assert.Equal("anna@example.org (248289)", session["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_user_without_a_role_for_the_console_is_told_so_and_gets_no_session()
    {
        _provider.Roles = ["kad-read"];
        using var back = await SignInAsync();

        Assert.Equal(
            (HttpStatusCode.Forbidden, "No role of the user 'anna@example.org (248289)' gives the scope 'view'; its roles give read."),
            (back.StatusCode, (await back.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Trim()));
    }

    [Fact]
    public async Task Who_comes_back_without_having_begun_here_is_told_so()
    {
        using var back = await GetAsync("/console/sign-in/done?code=1&state=2");

        Assert.Equal(HttpStatusCode.BadRequest, back.StatusCode);
        Assert.StartsWith(
            "The sign-in failed: '", await back.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    // From the console to the provider and back, as a browser goes.
    private async Task<HttpResponseMessage> SignInAsync()
    {
        using var begun = await GetAsync("/console/sign-in");
        Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
        using var there = await _browser.GetAsync(begun.Headers.Location, TestContext.Current.CancellationToken);
        Assert.StartsWith(
            new Uri(_browser.BaseAddress!, "/console/sign-in/done?").AbsoluteUri, there.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
        return await _browser.GetAsync(there.Headers.Location, TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> RedeemAsync(HttpClient browser, string code)
    {
        using var body = new StringContent($$"""{"code":"{{code}}"}""", Encoding.UTF8, "application/json");
        return await browser.PostAsync(new Uri("/console/session", UriKind.Relative), body, TestContext.Current.CancellationToken);
    }

    private Task<HttpResponseMessage> GetAsync(string path) => _browser.GetAsync(
        new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task RefusedAsync(string beginning, string token)
    {
        var (status, sentence) = await AskAsync(HttpMethod.Get, "/v1/admin/bans", token);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.StartsWith(beginning, sentence, StringComparison.Ordinal);
    }

    // The status, and the sentence of a problem.
    private async Task<(HttpStatusCode Status, string Sentence)> AskAsync(HttpMethod method, string path, string token)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _browser.SendAsync(request, TestContext.Current.CancellationToken);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (response.StatusCode, body?["detail"]?.GetValue<string>() ?? string.Empty);
    }
}
