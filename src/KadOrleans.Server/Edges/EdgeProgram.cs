using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>The edge's process, from its settings to its exit code.</summary>
internal static class EdgeProgram
{
    private const string Process = "edge";

    /// <summary>How often the silos' addresses are read again: more often than a silo can be declared dead.</summary>
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>A host with the settings of the command line, the environment and files.</summary>
    public static HostApplicationBuilder CreateBuilder(string[] args)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(KadSettings.Unwatched);
        return Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, Configuration = configuration });
    }

    /// <summary>Runs until told to stop, by a signal or by the loss of the lease. Writes to the error output from several threads.</summary>
    public static async Task<int> RunAsync(string[] args, KadProviders providers, TextWriter output, TextWriter error)
    {
        // Before the start completes, the host's own log of a failure only repeats the sentence with a stack trace.
        var hasStarted = false;
        try
        {
            int code;
            Exception? crash;
            using (var host = Build(args, providers, output, error, () => hasStarted))
            {
                code = await RunAsync(host, () => hasStarted = true);
                crash = host.FindCrash();
            }

            if (crash is null)
            {
                return code;
            }

            // The reason must be the last line.
            await error.WriteLineAsync(StartFailure.Failed(Process, crash));
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            var (code, sentences) = StartFailure.Explain(Process, e, host: null);
            await error.WriteLineAsync(sentences);
            return code;
        }
    }

    /// <summary>
    /// Serves health and, on loopback only, <c>/status</c>. It runs before the silos are found, and no request to these calls a grain. Serves
    /// the API for programs to those who have a token.
    /// </summary>
    public static Task<StatusServer> ServeHttpAsync(
        HttpPlace place, EdgeHealth health, (IDht Dht, ApiTokens Tokens)? api, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        StatusServer.StartAsync(
            place,
            () => new Health(health.Obstacle ?? Health.Ready),
            pages =>
            {
                if (IPAddress.IsLoopback(place.Address.Address))
                {
                    pages.MapGet("/status", context => context.WriteJsonAsync(JsonSerializer.SerializeToNode(health.Describe(), Json)!));
                }
                else
                {
                    loggers.CreateLogger(typeof(EdgeProgram)).StatusNotServed(place.Address);
                }

                if (api is not null)
                {
                    pages.MapDhtApi();
                }
            },
            services =>
            {
                if (api is var (dht, tokens))
                {
                    services.AddSingleton(dht).AddDhtApi(tokens);
                }
            },
            loggers,
            cancellationToken);

    private static IHost Build(string[] args, KadProviders providers, TextWriter output, TextWriter error, Func<bool> hasStarted)
    {
        var builder = CreateBuilder(args);
        var settings = KadSettings.ReadEdge(builder.Configuration);
        builder.Configuration.AddInMemoryCollection(ClusterProviders.FillInEdge(builder.Configuration, settings, providers));
        if (settings.Cluster.EdgeKey is { } key && EdgeKey.FindProblem(key) is { } problem)
        {
            // The message does not have the key.
            throw KadSettings.Mistake(problem);
        }

        builder.Logging.UseLines(error, settings.Verbose)
            // Orleans logs a warning with a stack trace for each failed connection; the edge itself logs an outage once.
            .AddFilter("Orleans", LogLevel.Error)
            .AddFilter("Orleans.Connections.Security", settings.Verbose ? LogLevel.Warning : LogLevel.Error)
            .AddFilter("Orleans.AzureUtils", LogLevel.None)
            .AddFilter("Orleans.Clustering.AzureStorage", LogLevel.None)
            .AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && hasStarted());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = KadOptions.EdgeShutdownTimeout);
        builder.Services.AddSingleton(settings).AddDatabaseFailures().AddSingleton(TimeProvider.System);
        if (settings.Clustering == StorageChoice.AzureStorage)
        {
            providers.RequireStorage().AddConnections(builder.Services, builder.Configuration, isSilo: false);
        }

        builder.Services.AddKadTelemetry(settings.Telemetry, builder.Configuration);
        builder.UseOrleansClient(client =>
        {
            client.UseConnectionRetryFilter<EndlessConnectionRetry>();
            client.UseConnections(settings.Tls, providers.RequireTls(settings.Tls));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = GatewayRefresh);
            if (settings.Cluster.EdgeKey is { } edgeKey)
            {
                client.AddOutgoingGrainCallFilter(call =>
                {
                    RequestContext.Set(EdgeKey.ContextKey, edgeKey);
                    return call.Invoke();
                });
            }

            if (settings.Telemetry is not null)
            {
                client.AddActivityPropagation();
            }
        });
        builder.Services.AddKadEdge(settings.Edge, endpoint => UdpTransport.Bind(endpoint), output.WriteLine);
        return builder.Build();
    }

    private static async Task<int> RunAsync(IHost host, Action onStarted)
    {
        var health = host.Services.GetRequiredService<EdgeHealth>();
        var loggers = host.Services.GetRequiredService<ILoggerFactory>();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        var settings = host.Services.GetRequiredService<KadOptions>();
        await using var http = await ServeHttpAsync(
            settings.Http.Place,
            health,
            settings.Http.Tokens is { } tokens
                ? (new DhtClient(host.Services.GetRequiredService<IGrainFactory>()),
                    new ApiTokens(ApiTokens.Read(KadHttpOptions.TokensSetting, tokens)))
                : null,
            loggers,
            CancellationToken.None);
        using var ready = new ReadyGauge(() => health.IsReady);
        loggers.CreateLogger(typeof(EdgeProgram)).StatusServed(http.Address);
        _ = EndWithLeaseAsync(health, lifetime);
        var hasStarted = false;
        try
        {
            await host.StartAsync();
            hasStarted = true;
            onStarted();
            await host.WaitForShutdownAsync();
        }
        catch (Exception e) when (
            lifetime.ApplicationStopping.IsCancellationRequested && (e is OperationCanceledException || !hasStarted))
        {
            // Stopped before a silo was found: the start then ends with the error of its last attempt.
            return ExitCode.Done;
        }

        return health.State switch
        {
            EdgePhase.LeaseLost => ExitCode.Replaced,
            EdgePhase.Stopped => ExitCode.Done,
            _ => ExitCode.Failed,
        };
    }

    private static async Task EndWithLeaseAsync(EdgeHealth health, IHostApplicationLifetime lifetime)
    {
        await health.LeaseLost;
        lifetime.StopApplication();
    }
}

/// <summary>Retries the connection to the silos for the life of the process, and logs that once a minute.</summary>
internal sealed class EndlessConnectionRetry(
    TimeProvider time, KadOptions settings, ILogger<EndlessConnectionRetry> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private long? _loggedAt;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_loggedAt is not { } at || time.GetElapsedTime(at) >= LogInterval)
        {
            _loggedAt = time.GetTimestamp();
            logger.SilosNotFound(ClusterProviders.SettingOf(settings), exception.Message);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}

/// <summary>The edge process's log messages. Event ids 7300 to 7399.</summary>
internal static partial class EdgeHostLog
{
    [LoggerMessage(7300, LogLevel.Information, "Health is served on http://{Address}")]
    public static partial void StatusServed(this ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(7301, LogLevel.Warning, "No silo has been reached yet by {Setting}; retrying each second: {Problem}")]
    public static partial void SilosNotFound(this ILogger logger, string setting, string problem);

    [LoggerMessage(7302, LogLevel.Warning, "/status is not served: {Address} is reached from other machines")]
    public static partial void StatusNotServed(this ILogger logger, System.Net.IPEndPoint address);
}
