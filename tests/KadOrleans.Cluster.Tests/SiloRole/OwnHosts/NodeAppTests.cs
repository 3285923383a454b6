using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>An app of others with a node: API and console beside its own pages, its own health and its own stop.</summary>
public sealed class NodeAppTests : FolderTests
{
    private const string Page = "/console/live";

    private static readonly (string Secret, ApiToken Token) Operator = ApiToken.Create("operator", ApiScope.All);

    private static readonly CancellationToken Cancelled = TestContext.Current.CancellationToken;

    private string Tokens => Path.Combine(Folder, "tokens.json");

    [Theory]
    [InlineData(Page)]
    [InlineData("/v1/keys/key/events")]
    public async Task A_stream_that_is_open_ends_before_the_server_waits_for_it(string path)
    {
        await using var app = await StartAsync(services => services.AddHostedService<StopsLast>());
        using var client = ClientOf(app);
        await using var stream = await client.GetStreamAsync(path, Cancelled);
        await using var events = SseParser.Create(stream).EnumerateAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await events.MoveNextAsync());

        await app.StopAsync(Cancelled);

        Assert.False(await events.MoveNextAsync());
        Assert.False(Assert.Single(app.Services.GetServices<IHostedService>().OfType<StopsLast>()).IsLate);
    }

    [Fact]
    public async Task Console_and_health_have_what_the_checks_of_the_app_and_the_file_of_tokens_say()
    {
        var till = HealthCheckResult.Healthy();
        await using var app = await StartAsync(services => services.AddHealthChecks().AddCheck("till", () => till));
        using var client = ClientOf(app);
        Assert.Equal((HttpStatusCode.OK, """{"status":"ready"}"""), await ReadyAsync(client));

        till = HealthCheckResult.Unhealthy("the till is empty");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"the till is empty"}"""), await ReadyAsync(client));

        File.WriteAllText(Tokens, "no tokens");
        var problem = "The file of KadHttpOptions.Tokens cannot be used; the log has why. The tokens that were read before stay in use.";
        Assert.Equal($"Not ready: the till is empty. {problem}", await SaysAsync(client, problem));
        till = HealthCheckResult.Healthy();
        Assert.Equal((HttpStatusCode.OK, $$"""{"status":"ready","reason":"{{problem}}"}"""), await ReadyAsync(client));
    }

    [Fact]
    public async Task Keys_in_percent_encoding_are_served_below_the_base_of_the_app()
    {
        await using var app = await StartAsync(
            services => services.Configure<ForwardedHeadersOptions>(options => options.ForwardedHeaders = ForwardedHeaders.XForwardedPrefix),
            pipeline => pipeline.UseForwardedHeaders().UsePathBase("/my shop/kad").UseRouting());
        using var client = ClientOf(app);

        using var value = new StringContent("""{"value":"here"}""", null, "application/json");
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync("/my%20shop/kad/v1/keys/a%2Fb%20c", value, Cancelled)).StatusCode);
        Assert.Equal("here", (await app.Services.GetRequiredService<IDht>().GetAsync<string>("a/b c", Cancelled)).Value);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/keys/a%2Fb%20c", Cancelled)).StatusCode);

        // A proxy that serves it below a base of its own, which it does not send.
        using var behind = new HttpRequestMessage(HttpMethod.Get, "/v1/keys/a%2Fb%20c") { Headers = { { "X-Forwarded-Prefix", "/public" } } };
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(behind, Cancelled)).StatusCode);

        // Who watches paths sees the base as it is.
        Assert.Equal(
            "The path has '/my%20sh%6Fp/kad' in the place of '/my%20shop/kad', which must be sent as it is.",
            await RefusedAsync(client, "/my%20sh%6Fp/kad/v1/keys/a"));
        Assert.Equal(
            "The path has '%6Beys' in the place of 'keys', which must be sent as it is.",
            await RefusedAsync(client, "/my%20shop/kad/v1/%6Beys/a"));
    }

    [Fact]
    public async Task The_document_of_the_API_has_the_base_of_the_app_as_its_server()
    {
        await using var app = await StartAsync(_ => { }, pipeline => pipeline.UsePathBase("/my shop/kad").UseRouting());
        using var client = ClientOf(app);

        Assert.Equal("/", await ServerAsync("/v1/openapi.json"));
        Assert.Equal("/my%20shop/kad", await ServerAsync("/my%20shop/kad/v1/openapi.json"));

        async Task<string> ServerAsync(string path) =>
            JsonNode.Parse(await client.GetStringAsync(path, Cancelled))!["servers"]![0]!["url"]!.GetValue<string>();
    }

    [Fact]
    public async Task What_a_session_is_shown_is_in_no_cache_of_the_app()
    {
        await using var app = await StartAsync(
            services => services.AddOutputCache(options => options.AddBasePolicy(policy => policy.Cache())), pipeline => pipeline.UseOutputCache());
        using var stranger = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var session = new HttpClient { BaseAddress = stranger.BaseAddress };
        using var token = new StringContent($$"""{"token":"{{Operator.Secret}}"}""", null, "application/json");
        using var begun = await session.PostAsync("/console/session", token, Cancelled);
        session.DefaultRequestHeaders.Add(
            SessionCookie.ProofHeader, (string)JsonNode.Parse(await begun.Content.ReadAsStringAsync(Cancelled))!["proof"]!);

        foreach (var path in (string[])["/v1/admin/tokens", "/console/session"])
        {
            using var shown = await session.GetAsync(path, Cancelled);
            using var refused = await stranger.GetAsync(path, Cancelled);
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (shown.StatusCode, refused.StatusCode));
        }
    }

    [Fact]
    public async Task Who_the_app_takes_a_request_for_is_the_same_behind_the_API()
    {
        string? who = null;
        await using var app = await StartAsync(
            services => services.AddAuthentication("app").AddScheme<AuthenticationSchemeOptions, Shopkeeper>("app", configureOptions: null),
            pipeline => pipeline.Use(async (context, next) =>
            {
                await next(context);
                who = context.User.Identity?.Name;
            }).UseAuthentication());
        using var client = ClientOf(app);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/status", Cancelled)).StatusCode);
        Assert.Equal("shopkeeper", who);
    }

    // Orleans logs each call of a silo that is not up as an error.
    [Fact]
    public async Task The_console_begins_once_all_parts_of_the_app_have_started()
    {
        var log = new StartLog();
        await using var app = await StartAsync(services => services
            .AddSingleton<ILoggerProvider>(log).Configure<LoggerFilterOptions>(options => options.MinLevel = LogLevel.Debug)
            .AddSingleton<IHostedService>(log));

        Assert.Equal(["Hosting starting", "the last part", "Hosting starting", "Hosting started", "Hosting started"], log.Lines);
    }

    private async Task<WebApplication> StartAsync(Action<IServiceCollection> add, Action<IApplicationBuilder>? use = null)
    {
        File.WriteAllText(Tokens, ApiTokens.Write([Operator.Token]));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddKadNode().UseUdp("127.0.0.1:0");

        // Before the app's own: its order must not matter.
        builder.Services.AddKadHttp(options => options.Tokens = Tokens);
        builder.Services.AddHealthChecks();
        add(builder.Services);
        var app = builder.Build();
        use?.Invoke(app);
        app.MapKad();
        app.MapKadHealth();
        await app.StartAsync(Cancelled);
        return app;
    }

    private static HttpClient ClientOf(WebApplication app)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Operator.Secret);
        return client;
    }

    private static async Task<(HttpStatusCode, string)> ReadyAsync(HttpClient client)
    {
        var response = await client.GetAsync("/health/ready", Cancelled);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    // The words of the console's page once they have some of their own: it is renewed each 5 s.
    private static async Task<string> SaysAsync(HttpClient client, string part)
    {
        await using var stream = await client.GetStreamAsync(Page, Cancelled);
        await foreach (var overview in SseParser.Create(stream).EnumerateAsync(Cancelled))
        {
            var words = JsonNode.Parse(overview.Data)!["words"]!.GetValue<string>();
            if (words.Contains(part, StringComparison.Ordinal))
            {
                return words;
            }
        }

        return "The page ended.";
    }

    private static async Task<string> RefusedAsync(HttpClient client, string path)
    {
        // As it is: a Uri resolves what need not be encoded.
        var uri = new Uri($"http://{client.BaseAddress!.Authority}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var response = await client.GetAsync(uri, Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!["detail"]!.GetValue<string>();
    }

    private sealed class Shopkeeper(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, UrlEncoder.Default)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.Success(
            new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "shopkeeper")], "app")), "app")));
    }

    /// <summary>The starts of the app's host and of the console's, and that of a part of the app.</summary>
    private sealed class StartLog : ILoggerProvider, ILogger, IHostedService
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => categoryName == "Microsoft.Extensions.Hosting.Internal.Host" ? this : NullLogger.Instance;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Lines.Enqueue("the last part");
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }

    // The server is the last that is added, and so the first that stops.
    private sealed class StopsLast : IHostedService
    {
        public bool IsLate { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            IsLate = cancellationToken.IsCancellationRequested;
            return Task.CompletedTask;
        }
    }
}
