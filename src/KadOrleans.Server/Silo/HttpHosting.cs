using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Dashboard;

namespace KadOrleans.Server;

internal static class HttpHosting
{
    private const string DashboardPath = "/dashboard";

    // The settings are a function, as they are known only while the host is built.
    public static void Configure<THealth>(
        IWebHostBuilder web, Func<KadOptions> settings, Action<IServiceCollection> add, Action<IEndpointRouteBuilder, KadOptions> map)
        where THealth : class, IHealthCheck => web
        .UseKestrel(kestrel => kestrel.ListenWithin(settings().Http.Place))
        .ConfigureServices(services =>
        {
            // Before anything is opened, so that a mistake is all that the process says.
            if (settings().Http.Certificate is { } certificate)
            {
                new HttpCertificateReader(certificate, TimeProvider.System).Read();
            }

            BoundedListening.AddTo(services);
            services.AddRouting().AddAuthenticationCore().AddAuthorization().AddHealthChecks().AddCheck<THealth>(typeof(THealth).Name);
            add(services);
        })
        .Configure(application =>
        {
            application.UseKadHttp(settings().Http.Place);
            application.Use(DashboardPassword.CheckAsync);
            application.UseEndpoints(endpoints =>
            {
                endpoints.MapHealth();
                map(endpoints, settings());
            });
        });

    public static void ConfigureSilo(IWebHostBuilder web, Func<KadOptions> settings, KadProviders providers) => Configure<SiloReadiness>(
        web,
        settings,
        services =>
        {
            AddApi(services, settings(), providers);
            services
                .AddSingleton(settings())
                .AddSingleton(s => ActivatorUtilities.CreateInstance<StorageCheck>(s, TimeProvider.System))
                .AddSingleton(s => ActivatorUtilities.CreateInstance<StorageWatch>(s, TimeProvider.System))
                .AddHostedService(s => s.GetRequiredService<StorageWatch>())
                .AddSingleton(ProcessClock.Watch)
                .AddSingleton<ClockService>()
                .AddHostedService(s => s.GetRequiredService<ClockService>())
                .AddSingleton<SiloReadiness>()
                .AddSingleton<DescribeSilo>(
                    s => () => s.GetRequiredService<SiloReadiness>().Describe() with { Node = s.GetRequiredService<KadOptions>().Silo.Node })
                .AddHostedService<ClusterGauges>()
                .AddSingleton<SiloStatusReport>();
        },
        MapSilo);

    private static void AddApi(IServiceCollection services, KadOptions settings, KadProviders providers)
    {
        if (!settings.ServesApi)
        {
            return;
        }

        services.AddClient().AddKadConsole(SubjectOf(settings, providers));
        if (settings.HasOwnToken)
        {
            var own = new OwnToken(settings.Data);
            services.AddSingleton(own).AddDhtApi(new ApiTokens(own.Token));
        }
        else
        {
            AddTokens(services, settings.Http);
        }

        AddSignIn(services, settings.Http, hasConsole: true);
    }

    /// <summary>Adds the API with the tokens of a file, or without tokens of its own where only users of a provider have access.</summary>
    public static void AddTokens(IServiceCollection services, HttpSettings http)
    {
        if (http.Tokens is { } file)
        {
            services.AddDhtApi(new TokenFile(HttpSettings.TokensSetting, file));
        }
        else
        {
            services.AddDhtApi(new ApiTokens());
        }
    }

    public static void AddSignIn(IServiceCollection services, HttpSettings http, bool hasConsole)
    {
        if (http.Oidc is { } oidc)
        {
            OidcSignIn.AddServices(services, oidc, hasConsole);
        }
    }

    private static ConsoleSubject SubjectOf(KadOptions settings, KadProviders providers) => new(
        IsCluster: true,
        providers.Require(settings.Storage, settings.StorageSetting, OrleansSettings.Storage).Describe(settings),
        settings.ServesDashboard ? $"..{DashboardPath}/" : null);

    private static void MapSilo(IEndpointRouteBuilder endpoints, KadOptions settings)
    {
        if (settings.ServesApi)
        {
            endpoints.MapDhtApi();
            endpoints.MapKadConsole();
        }

        if (!settings.ServesDashboard)
        {
            SiloLog.DashboardNotServed(
                endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(HttpHosting)), settings.Http.EndPoint);
            return;
        }

        IEndpointConventionBuilder[] restricted =
        [
            endpoints.MapOrleansDashboard(routePrefix: DashboardPath),
            endpoints.MapGet("/status", async context =>
            {
                var report = context.RequestServices.GetRequiredService<SiloStatusReport>();
                await context.WriteJsonAsync(await report.CreateAsync(context.RequestAborted));
            }),
        ];
        if (settings.Dashboard is { } credentials)
        {
            Array.ForEach(restricted, endpoint => endpoint.WithMetadata(credentials));
        }
    }
}

// HTTP basic authentication (RFC 7617) for endpoints with these credentials. The password is sent unencrypted, so an address that other
// machines reach belongs behind TLS. Refused requests are not logged: a stranger could fill the log.
internal static class DashboardPassword
{
    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<DashboardCredentials>() is not { } credentials
            || (AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var header)
                && header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)
                && Matches(header.Parameter ?? string.Empty, credentials)))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"KadOrleans\", charset=\"UTF-8\"";
        return Task.CompletedTask;
    }

    // Hashes have one length, so the comparison's time does not depend on the password's length.
    private static bool Matches(string given, DashboardCredentials credentials) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(given)),
        SHA256.HashData(Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}")))));
}
