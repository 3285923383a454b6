using KadOrleans.Grains;
using Orleans.Dashboard;

namespace KadOrleans.Server;

/// <summary>Sets up what the silo serves over HTTP, all on one address.</summary>
internal static class HttpHosting
{
    private const string Dashboard = "/dashboard";

    // The settings are not read before the services are added.
    public static void Configure(IWebHostBuilder web, Func<KadOptions> settings) => web
        .UseKestrel(kestrel => kestrel.ListenWithin(settings().Http.EndPoint, settings().Http.Connections))
        .ConfigureServices(services =>
        {
            services.AddRouting();
            services.AddHealthChecks().AddCheck<SiloReadiness>(nameof(SiloReadiness));
            DashboardAuthentication.Add(services);
            AddApi(services, settings());

            services
                .AddSingleton(settings())
                .AddSingleton<StorageWatch>()
                .AddHostedService(s => s.GetRequiredService<StorageWatch>())
                .AddSingleton(s => new ClockWatch(
                    s.GetRequiredKeyedService<TimeProvider>(TimeProviderNames.Grains), s.GetRequiredService<ILogger<ClockWatch>>()))
                .AddSingleton<ClockService>()
                .AddHostedService(s => s.GetRequiredService<ClockService>())
                .AddSingleton<SiloReadiness>()
                .AddSingleton<DescribeSilo>(s => () => s.GetRequiredService<SiloReadiness>().Describe())
                .AddHostedService<ClusterGauges>()
                .AddSingleton<SiloStatusReport>();
        })
        .Configure(application => Map(application, settings()));

    private static void AddApi(IServiceCollection services, KadOptions settings)
    {
        if (settings.Http.Tokens is { } file)
        {
            services.AddKadClient().AddDhtApi(new ApiTokens(ApiTokens.Read(KadHttpOptions.TokensSetting, file))).AddKadConsole();
        }
        else if (settings.HasOwnToken)
        {
            var own = new OwnToken(settings.Data);
            services.AddSingleton(own).AddKadClient().AddDhtApi(new ApiTokens(own.Token)).AddKadConsole();
        }
    }

    private static void Map(IApplicationBuilder application, KadOptions settings)
    {
        application.UseHostCheck(settings.Http.Place);
        application.UseRouting();
        application.UseAuthentication();
        application.UseAuthorization();
        application.UseEndpoints(endpoints =>
        {
            endpoints.MapHealth();
            if (settings.Http.Tokens is not null || settings.HasOwnToken)
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
                endpoints.MapOrleansDashboard(routePrefix: Dashboard),
                endpoints.MapGet("/status", async context =>
                {
                    var report = context.RequestServices.GetRequiredService<SiloStatusReport>();
                    await context.WriteJsonAsync(await report.CreateAsync(context.RequestAborted));
                }),
            ];
            if (settings.Dashboard is not null)
            {
                Array.ForEach(restricted, endpoint => endpoint.RequireAuthorization());
            }
        });
    }
}
