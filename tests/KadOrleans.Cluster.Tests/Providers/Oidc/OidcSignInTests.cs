using System.Net.Http.Headers;
using System.Text;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>Users of an identity provider at the API of a node, and in a browser before its console.</summary>
public sealed class OidcSignInTests : IAsyncLifetime
{
    private const string Ban = """{"ban":"203.0.113.0/24"}""";

    private readonly TemporaryFolder _folder = new();
    private TestProvider _provider = null!;
    private KadOidcOptions _options = null!;
    private KadNode _node = null!;
    private StatusServer _server = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await TestProvider.StartAsync();
        _node = await KadNode.CreateBuilder().UseUdp(new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")] }).BuildAsync();
        await _node.StartAsync(TestContext.Current.CancellationToken);
        _server = await StartAsync(_options = new KadOidcOptions
        {
            Authority = _provider.Authority,
            Audience = TestProvider.Audience,
            ClientId = TestProvider.Client,
            ClientSecret = TestProvider.Secret,
            Name = "the test",
        });
        _browser = BrowserOf(_server);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _server.DisposeAsync();
        await _node.DisposeAsync();
        await _provider.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_role_gives_its_scope_and_the_audit_log_names_the_user()
    {
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Get, "/v1/admin/bans", _provider.Token()));
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Put, "/v1/admin/bans", _provider.Token(), Ban));
        Assert.Equal("anna@example.org (248289)", (await _node.Admin.ReadAuditAsync(1, null, TestContext.Current.CancellationToken))[0].Who);

        var refused = (HttpStatusCode.Forbidden, "No role of the user 'anna@example.org (248289)' gives the scope 'manage'; its roles give view.");
        Assert.Equal(refused, await AskAsync(HttpMethod.Put, "/v1/admin/bans", _provider.Token(["kad-view"]), Ban));
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

    // Users edit their names at some providers.
    [Theory]
    [InlineData("NAME", "248289", "(248289)")]
    [InlineData("NAME", "a subject of more than sixty-four characters, whose digest stands in its place",
        "(sha256:3aeab973dbfee438e28cacdecdf025bf09705cdd5148baa792b5ae76a6fa2985)")]
    [InlineData(null, "shop", "(shop)")]
    [InlineData("shop", "shop", "shop (shop)")]
    [InlineData("(248289)", "1", "(248289) (1)")]
    public async Task No_name_hides_the_subject_from_the_audit_log(string? name, string subject, string end)
    {
        // One that is shown eight times as long, and ends within a character of two halves.
        _provider.UserName = name == "NAME" ? string.Concat(Enumerable.Repeat("\u202E\U0001F600", 300)) : name;
        _provider.Subject = subject;
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Put, "/v1/admin/bans", _provider.Token(), Ban));

        var who = (await _node.Admin.ReadAuditAsync(1, null, TestContext.Current.CancellationToken))[0].Who;
        Assert.EndsWith(end, who, StringComparison.Ordinal);
        Assert.InRange(who.Length, end.Length, 128);
        Assert.DoesNotContain('\u202E', who);
    }

    [Fact]
    public async Task A_user_uses_up_no_requests_of_a_token_of_the_same_name()
    {
        var (secret, token) = ApiToken.Create("shop", ApiScope.All);
        await using var server = await StartAsync(_options, new ApiTokens(token));
        using var http = BrowserOf(server);
        (_provider.UserName, _provider.Subject) = (null, "shop");
        var user = _provider.Token(["kad-read", "kad-write"]);

        foreach (var size in (int[])[256, 256, 256, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1])
        {
            var operations = string.Join(',', Enumerable.Repeat("""{"op":"delete","key":"a"}""", size));
            await AskAsync(HttpMethod.Post, "/v1/keys:batch", user, $$"""{"operations":[{{operations}}]}""", http);
        }

        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Get, "/v1/admin/bans", secret, http: http));
    }

    [Fact]
    public async Task A_user_makes_no_token_as_that_would_outlive_the_role()
    {
        const string Sentence = "A user of an identity provider makes no tokens, which would outlive the role; a token of this server with the scope "
            + "'manage' makes them, or 'kad token add' where the file is.";
        var (secret, token) = ApiToken.Create("operator", [ApiScope.View, ApiScope.Manage]);
        var path = _folder["tokens.json"];
        File.WriteAllText(path, ApiTokens.Write([token]));
        await using var server = await StartAsync(_options, file: new TokenFile("Kad:Http:Tokens", path));
        using var http = BrowserOf(server);
        const string Made = """{"name":"mine","scopes":["view","manage"]}""";

        using var refused = await SendAsync(HttpMethod.Post, "/v1/admin/tokens", _provider.Token(), Made, http);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        var problem = await JsonAsync(refused);
        Assert.Equal(("/v1/problems/not-for-users", Sentence), ((string?)problem["type"], (string?)problem["detail"]));
        Assert.Equal(["operator"], ApiTokens.Read("--file", path).Select(one => one.Name));

        // The console offers it to a token, and not to a user.
        using var users = await SendAsync(HttpMethod.Get, "/v1/admin/tokens", _provider.Token(), null, http);
        using var tokens = await SendAsync(HttpMethod.Get, "/v1/admin/tokens", secret, null, http);
        Assert.Equal((Sentence, null), ((string?)(await JsonAsync(users))["makingObstacle"], (string?)(await JsonAsync(tokens))["makingObstacle"]));
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Post, "/v1/admin/tokens", secret, Made, http));
        Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Delete, "/v1/admin/tokens/mine", _provider.Token(), http: http));
    }

    [Theory]
    [InlineData("roles", "not kad-manage", "none")]
    [InlineData("roles", "kad-view kad-manage", "none")]
    [InlineData("roles", "kad-view", "view")]
    [InlineData("scp", "openid kad-view", "view")]
    [InlineData("scope", "openid kad-view", "view")]
    [InlineData("scope", "not kad-manage,kad-view", "view")]
    public async Task A_space_is_part_of_a_role_but_in_one_text_of_a_scope(string claim, string roles, string given)
    {
        await using var server = await StartAsync(_options with { RolesClaim = claim });
        using var http = BrowserOf(server);
        _provider.RolesClaim = claim;

        Assert.Equal(
            (HttpStatusCode.Forbidden, $"No role of the user 'anna@example.org (248289)' gives the scope 'manage'; its roles give {given}."),
            await AskAsync(HttpMethod.Put, "/v1/admin/bans", _provider.Token(roles.Split(',')), Ban, http));
    }

    [Fact]
    public async Task Who_begins_a_sign_in_draws_no_call_under_the_clients_secret()
    {
        using var begun = await GetAsync("/console/sign-in");

        Assert.Equal((HttpStatusCode.Redirect, 0), (begun.StatusCode, _provider.Pushed));
    }

    [Fact]
    public async Task A_sign_in_begins_by_what_was_read_of_a_provider_that_does_not_respond_now()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Get, "/v1/admin/bans", _provider.Token())).Status);
        var authority = _provider.Authority;
        await _provider.DisposeAsync();

        using var begun = await GetAsync("/console/sign-in");
        Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
        Assert.StartsWith($"{authority}/authorize?", begun.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_comes_back_from_a_provider_that_does_not_respond_any_more_is_told_so()
    {
        using var begun = await GetAsync("/console/sign-in");
        using var there = await _browser.GetAsync(begun.Headers.Location, TestContext.Current.CancellationToken);
        var authority = _provider.Authority;
        await _provider.DisposeAsync();

        using var back = await _browser.GetAsync(there.Headers.Location, TestContext.Current.CancellationToken);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, $"The identity provider {authority} does not respond; try again, or use a token of this server."),
            (back.StatusCode, (await back.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Trim()));
    }

    [Fact]
    public async Task An_ID_token_is_no_access_token()
    {
        await using var consoles = await StartAsync(_options with { Audience = null });
        using var console = BrowserOf(consoles);
        foreach (var token in (string[])[_provider.IdToken(), _provider.Token(audience: TestProvider.Client)])
        {
            Assert.Equal(
                (HttpStatusCode.Unauthorized, "This server takes no tokens of the identity provider, as Kad:Http:Oidc:Audience is not set; one of "
                    + "this server is needed."),
                await AskAsync(HttpMethod.Get, "/v1/admin/bans", token, http: console));
        }

        // At some providers an API and the client that signs users in are one.
        await using var server = await StartAsync(_options with { Audience = TestProvider.Client });
        using var http = BrowserOf(server);
        foreach (var (token, expected) in new (string, string)[]
        {
            (_provider.IdToken(), "Nothing says that the token is an access token: "),
            (_provider.TokenOf(null), "Nothing says that the token is an access token: "),
            (_provider.TokenOf("JWT", ("at_hash", "MTIzNDU2Nzg5MDEyMzQ1Ng")), "Nothing says that the token is an access token: "),
            (_provider.TokenOf("JWT", ("c_hash", "MTIzNDU2Nzg5MDEyMzQ1Ng")), "Nothing says that the token is an access token: "),
            (_provider.TokenOf("JWT", ("typ", "ID"), ("scope", "openid")), "The token's claim 'typ' is 'ID'; 'Bearer' is needed"),
            (_provider.TokenOf("JWT", ("token_use", "id"), ("client_id", "console")), "The token's claim 'token_use' is 'id'; 'access' is needed"),
            (_provider.TokenOf("JWT", ("client_id", "console"), ("at_hash", "MTIzNDU2Nzg5MDEyMzQ1Ng")), "Nothing says that the token is an access token: "),
            (_provider.TokenOf("JWT", ("events", new Dictionary<string, object>())), "Nothing says that the token is an access token: "),
            (_provider.TokenOf("logout+jwt", ("scope", "openid")), "The token is of the type 'logout+jwt'; an access token is needed."),
            (_provider.TokenOf("dpop+jwt", ("scope", "openid")), "The token is of the type 'dpop+jwt'; an access token is needed."),
            (_provider.TokenOf("at+jwt", ("cnf", new Dictionary<string, object> { ["jkt"] = "a" })), "The token is bound to a key of its holder"),
            (_provider.TokenOf("at+jwt", ("header:crit", new[] { "exp" })), "The token has the header 'crit'"),
        })
        {
            var (status, sentence) = await AskAsync(HttpMethod.Get, "/v1/admin/bans", token, http: http);
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.StartsWith(expected, sentence, StringComparison.Ordinal);
        }

        foreach (var token in (string[])
        [
            _provider.TokenOf("at+jwt"),
            _provider.TokenOf("application/AT+JWT", ("nonce", "of a mapper")),
            _provider.TokenOf("JWT", ("scope", "openid")),
            _provider.TokenOf(null, ("scp", "user_impersonation")),
            _provider.TokenOf("JWT", ("azpacr", "1")),
            _provider.TokenOf("JWT", ("gty", "client-credentials")),
            _provider.TokenOf("JWT", ("typ", "Bearer"), ("nonce", "of a mapper")),
            _provider.TokenOf("JWT", ("typ", "Bearer")),
            _provider.TokenOf("JWT", ("token_use", "access")),
        ])
        {
            Assert.Equal((HttpStatusCode.OK, string.Empty), await AskAsync(HttpMethod.Get, "/v1/admin/bans", token, http: http));
        }
    }

    private Task<StatusServer> StartAsync(KadOidcOptions options, ApiTokens? tokens = null, TokenFile? file = null) => StatusServer.StartAsync(
        new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"),
        () => new Health(Health.Ready),
        pages =>
        {
            pages.MapDhtApi();
            pages.MapKadConsole();
        },
        services =>
        {
            services.AddSingleton<IDht>(_node).AddSingleton(_node.Admin).AddKadConsole(new ConsoleSubject(IsCluster: false, "memory"));
            _ = file is null ? services.AddDhtApi(tokens ?? new ApiTokens()) : services.AddDhtApi(file);
            OidcSignIn.AddServices(services, options, hasConsole: true);
        },
        NullLoggerFactory.Instance,
        TestContext.Current.CancellationToken);

    private static HttpClient BrowserOf(StatusServer server) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{server.Address.Port}") };

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
    private async Task<(HttpStatusCode Status, string Sentence)> AskAsync(
        HttpMethod method, string path, string token, string? json = null, HttpClient? http = null)
    {
        using var response = await SendAsync(method, path, token, json, http ?? _browser);
        return (response.StatusCode, (string?)(await JsonAsync(response))["detail"] ?? string.Empty);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string token, string? json, HttpClient http)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
}
