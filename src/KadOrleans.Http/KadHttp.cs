using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Http;

/// <summary>
/// The API and the console as a pipeline of their own, with services of their own: their tokens open none of the app's pages, the app's
/// logins none of theirs, and neither changes how the other writes JSON, errors or documents.
/// </summary>
internal sealed class KadHttp : IHostedLifecycleService, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly RequestDelegate _pipeline;
    private readonly HostNames _hosts;
    private readonly ILogger _logger;
    private int _warned;

    public KadHttp(IOptions<KadHttpOptions> given, IServiceProvider app)
    {
        var options = given.Value;
        var (dht, admin) = (app.GetRequiredService<IDht>(), app.GetService<IDhtAdmin>());
        _hosts = new HostNames(options.Hosts);
        _logger = app.GetRequiredService<ILoggerFactory>().CreateLogger<KadHttp>();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var services = builder.Services;
        services.AddSingleton(app.GetRequiredService<ILoggerFactory>()).AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(new DiagnosticListener(nameof(KadHttp))).AddSingleton<DiagnosticSource>(s => s.GetRequiredService<DiagnosticListener>());

        // What the console shows is the health of the whole app, which has the check of the tokens too.
        Tokens = new TokenFile(KadHttpOptionsValidator.TokensName, options.Tokens!);
        services.AddSingleton(app.GetRequiredService<HealthCheckService>());
        services.AddRouting().AddSingleton(dht).AddDhtApi(Tokens);
        var hasConsole = options.Console && admin is not null;
        if (admin is not null)
        {
            services.AddSingleton(admin);
        }

        if (hasConsole)
        {
            // The app has chosen the storage.
            services.AddKadConsole(new ConsoleSubject(IsCluster: app.GetService<KadNode>() is null, "by the app"));
        }

        _host = builder.Build();
        _pipeline = Build(_host.Services, hasConsole);
    }

    /// <summary>Where the pipeline serves. All other paths are the app's.</summary>
    public static IReadOnlyList<string> Roots { get; } = [DhtApi.Root, ConsoleHosting.Root];

    /// <summary>The tokens that open it.</summary>
    public TokenFile Tokens { get; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Begins to ask the DHT, for the console: a silo of the app takes no call before it is up, whichever was added first.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Ends the streams that are open: the app's server stops before this service, and waits for them.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _host.StopAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
    }

    /// <summary>Serves a request that the app routed here, with nothing of what the app decided about it.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        WarnOfClearText(context);
        await using var scope = _host.Services.CreateAsyncScope();
        var request = context.Request;
        var (endpoint, values, services) = (context.GetEndpoint(), request.RouteValues, context.RequestServices);
        var (method, scheme) = (request.Method, request.Scheme);
        var (authentication, result) = (context.Features.Get<IHttpAuthenticationFeature>(), context.Features.Get<IAuthenticateResultFeature>());
        context.SetEndpoint(null);
        request.RouteValues = [];
        context.RequestServices = scope.ServiceProvider;

        // They have the app's user, whom the next line would change.
        context.Features.Set<IHttpAuthenticationFeature>(null);
        context.Features.Set<IAuthenticateResultFeature>(null);
        context.User = new ClaimsPrincipal();
        try
        {
            await _pipeline(context);
        }
        finally
        {
            context.SetEndpoint(endpoint);
            (request.RouteValues, context.RequestServices) = (values, services);
            (request.Method, request.Scheme) = (method, scheme);
            context.Features.Set(authentication);
            context.Features.Set(result);
        }
    }

    private RequestDelegate Build(IServiceProvider services, bool hasConsole)
    {
        var pipeline = new ApplicationBuilder(services);

        // The app's server has the address; what is in the clear there is known with a request.
        pipeline.UseKadHttp(new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), _hosts, string.Empty, KadHttpOptionsValidator.HostsName));
        pipeline.UseEndpoints(endpoints =>
        {
            endpoints.MapDhtApi();
            if (hasConsole)
            {
                endpoints.MapKadConsole();
            }
        });
        return pipeline.Build();
    }

    private void WarnOfClearText(HttpContext context)
    {
        if (!context.Request.IsHttps && !_hosts.HasEncrypted && context.Connection.RemoteIpAddress is { } remote && !IPAddress.IsLoopback(remote)
            && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            _logger.TokensInClear(KadHttpOptionsValidator.HostsName);
        }
    }

    // The app's host has the signals of the process.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Adds the check of the tokens' file to the app's own, behind them: the app's are what its health is about.</summary>
internal sealed class TokenFileCheck : IPostConfigureOptions<HealthCheckServiceOptions>
{
    public void PostConfigure(string? name, HealthCheckServiceOptions options) => options.Registrations.Add(new HealthCheckRegistration(
        $"{nameof(KadHttp)} {nameof(TokenFile)}", services => services.GetRequiredService<KadHttp>().Tokens, failureStatus: null, tags: null));
}

/// <summary>Its log messages: docs/telemetry.md, Events.</summary>
internal static partial class KadHttpLog
{
    [LoggerMessage(8200, LogLevel.Warning,
        "Another machine sent a request to the DHT's API in the clear: who reads the network can use its token. Serve HTTPS, stay on a network "
        + "that you trust, or put a proxy with HTTPS before the app and its name as https://NAME into {Setting}")]
    public static partial void TokensInClear(this ILogger logger, string setting);
}
