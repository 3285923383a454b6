using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Orleans.Configuration;
using Orleans.Serialization;

namespace KadOrleans.Server;

/// <summary>Builds the process of an edge alone. The order matters: HTTP starts before the silos are found, and stops last.</summary>
internal static class EdgeHost
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Builds the host, not started. The output and the log are written from several threads.</summary>
    public static IHost Build(string[] args, KadProviders providers, TextWriter output, TextWriter log, Func<bool> hasStarted)
    {
        KadOptions? settings = null;
        IHost? host = null;
        host = SiloHost.CreateBuilder(args, given => Complete(given, settings = KadSettings.ReadEdge(given, providers.Known), providers))
            .ConfigureLogging((context, logging) => ConfigureLog(logging, context.Configuration, log, settings!.Verbose, providers, hasStarted))
            .ConfigureServices((context, services) => AddServices(services, context.Configuration, settings!, providers))
            .ConfigureWebHost(web => ConfigureHttp(web, () => settings!, providers))
            .ConfigureServices(services => services.AddHostedService<EdgeWatch>())
            .UseOrleansClient((_, client) => Configure(client, settings!, providers))
            .ConfigureServices(services => services.AddEdge(settings!.Edge, endpoint => UdpTransport.Bind(endpoint), Announce))
            .Build();
        return host;

        void Announce(string line) => AnnounceEdge(host!.Services, line, output);
    }

    /// <summary>Writes a line for people; programs have it in the log already.</summary>
    public static void AnnounceEdge(IServiceProvider services, string line, TextWriter output)
    {
        if (services.GetRequiredService<ConsoleLog>().IsForPeople)
        {
            output.WriteLine(line);
        }
    }

    /// <summary>Makes failures of the silos' storages serializable, which Orleans' defaults do not allow.</summary>
    public static IServiceCollection AddStorageFailures(this IServiceCollection services, KadProviders providers) =>
        services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.UnionWith(providers.ClientLibraries));

    // Health and /status call no grain. /status is served on loopback only, and the API to whoever has a token.
    public static void ConfigureHttp(IWebHostBuilder web, Func<KadOptions> settings, KadProviders providers) => HttpHosting.Configure<EdgeHealth>(
        web,
        settings,
        services =>
        {
            if (settings().ServesApi)
            {
                HttpHosting.AddTokens(services.AddClient(), settings().Http);
                HttpHosting.AddSignIn(services, settings().Http, hasConsole: false);
            }
        },
        Map);

    private static void Map(IEndpointRouteBuilder endpoints, KadOptions settings)
    {
        if (settings.ServesApi)
        {
            endpoints.MapDhtApi();
        }

        if (IPAddress.IsLoopback(settings.Http.EndPoint.Address))
        {
            var health = endpoints.ServiceProvider.GetRequiredService<EdgeHealth>();
            endpoints.MapGet("/status", context => context.WriteJsonAsync(JsonSerializer.SerializeToNode(health.Describe(), Json)!));
        }
        else
        {
            var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(EdgeHost));
            logger.StatusNotServed(settings.Http.EndPoint);
        }
    }

    private static Dictionary<string, string?> Complete(IConfiguration given, KadOptions settings, KadProviders providers)
    {
        CheckKeys(given, settings);
        return ClusterProviders.FillInEdge(given, settings, providers);
    }

    // An edge faces strangers, and whoever has the silos' key may do everything.
    private static void CheckKeys(IConfiguration given, KadOptions settings)
    {
        string[] ofSilos = [KeySettings.Silo, KeySettings.SiloFile, KeySettings.SecondSilo];
        if (Array.Find(ofSilos, setting => !string.IsNullOrWhiteSpace(given[setting])) is { } wrong)
        {
            throw KadSettings.Mistake($"{wrong} is set, and this is an edge, which must not have the silos' key; {KeySettings.Gateway} alone is allowed.");
        }

        // A silo of this machine may make its key later, in its data folder.
        var cluster = settings.Cluster;
        var isWaitedFor = cluster.GatewayKeyFile is { } file && !File.Exists(file);
        KeySettings.Read(cluster.GatewayKey, isWaitedFor && cluster.GatewayKey is null ? null : cluster.GatewayKeyFile, KeySettings.Gateway, out var problem);
        if (problem is not null)
        {
            throw KadSettings.Mistake(problem); // It does not quote the key.
        }
    }

    private static void ConfigureLog(
        ILoggingBuilder logging, IConfiguration configuration, TextWriter log, bool verbose, KadProviders providers, Func<bool> hasStarted)
    {
        // Orleans logs a warning with a stack trace for each failed connection; the edge itself logs an outage once.
        logging.UseConsoleLog(log, verbose)
            .AddFilter("Orleans", LogLevel.Error)
            .AddFilter("Orleans.Connections.Security", verbose ? LogLevel.Warning : LogLevel.Error);
        foreach (var category in providers.Storages.SelectMany(storage => storage.NoisyCategories))
        {
            logging.AddFilter(category, LogLevel.None);
        }

        // Before the start completes, the host's own log of a failure only repeats the sentence with a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && hasStarted());

        // Last, so that it overrides the filters above.
        logging.AddConfiguration(configuration.GetSection("Logging"));
    }

    private static void AddServices(IServiceCollection services, IConfiguration configuration, KadOptions settings, KadProviders providers)
    {
        services.Configure<HostOptions>(options => options.ShutdownTimeout = KadOptions.EdgeShutdownTimeout)
            .AddSingleton(settings).AddSingleton(providers).AddStorageFailures(providers).AddSingleton(TimeProvider.System);
        ClusterProviders.AddConnections(services, configuration, settings, providers, isSilo: false);
        services.AddKadTelemetry(
            settings.Telemetry,
            configuration,
            provider =>
            [
                new("kad.cluster.id", provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId),
                new("kad.edge.name", settings.Edge.Name),
            ],
            providers.ClientLibraries);
    }

    private static void Configure(IClientBuilder client, KadOptions settings, KadProviders providers)
    {
        client.UseConnectionRetryFilter<EndlessConnectionRetry>();
        client.UseConnections(settings.Tls, providers.FindTls(settings.Tls));
        client.Configure<ClientMessagingOptions>(MessageLimits.Set);
        client.Services.AddGatewayHandshake();
        if (settings is { Clustering: KadOptions.LocalStorage, Cluster: { GatewayKey: null, GatewayKeyFile: null } })
        {
            // That of a silo of this machine, if one was started in this folder.
            client.Services.Configure<KadClientOptions>(options =>
                (options.GatewayKeyFile, options.IsFileOptional) = (Path.Combine(settings.Data, KeySettings.GatewayFileName), true));
        }

        if (settings.Telemetry is not null)
        {
            client.AddActivityPropagation();
        }
    }
}

/// <summary>Exports the readiness of a process that is only an edge, and stops it when it loses its lease.</summary>
internal sealed class EdgeWatch(
    EdgeHealth health, IServer http, KadOptions settings, IHostApplicationLifetime lifetime, ILogger<EdgeWatch> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => WatchAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        logger.StatusServed(ServerProgram.HttpAddress(http));
        string[] callers =
        [
            .. settings.Http.Tokens is { } tokens ? [$"those whose token is in {Path.GetFullPath(tokens)}"] : Array.Empty<string>(),
            .. settings.Http.Oidc is { Audience: not null } provider ? [$"the users of {provider.Authority}"] : Array.Empty<string>(),
        ];
        if (callers.Length > 0)
        {
            logger.ApiServed(ServerProgram.HttpAddress(http), string.Join(" and ", callers));
        }

        using var ready = new ReadyGauge(() => health.IsReady);
        await health.LeaseLost.WaitAsync(stoppingToken);
        lifetime.StopApplication();
    }
}

/// <summary>Retries the connection to the silos for the life of the process, and logs that once a minute.</summary>
internal sealed class EndlessConnectionRetry(
    TimeProvider time,
    KadOptions settings,
    KadProviders providers,
    IConfiguration configuration,
    IOptions<ClusterOptions> cluster,
    ILogger<EndlessConnectionRetry> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly LogPause _logged = new();

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_logged.TryLog(time.GetElapsedTime(0)))
        {
            logger.SilosNotFound(
                ClusterProviders.SettingOf(configuration, settings), cluster.Value.ClusterId, providers.FindMistake(exception) ?? exception.Message);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}
