using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Storage;

namespace KadOrleans.Server;

/// <summary>Builds the process of a silo, with or without an edge. The order matters: HTTP starts first and stops last, so health is served throughout.</summary>
internal static class SiloHost
{
    private const string ClusterSection = "Kad:Cluster";

    /// <summary>Builds the host, not started. The log is by default the standard error output. Several threads write to it.</summary>
    /// <remarks>Until <paramref name="hasStarted"/>, the caller says why a start fails, and the framework's log does not.</remarks>
    public static IHost Build(string[] args, KadProviders providers, TextWriter output, TextWriter? log = null, Func<bool>? hasStarted = null)
    {
        KadOptions? settings = null;
        IHost? host = null;
        host = CreateBuilder(args, given => ClusterProviders.FillInSilo(given, settings = KadSettings.ReadSilo(given, providers.Known), providers))
            .ConfigureLogging((context, logging) => ConfigureLog(logging, context.Configuration, log ?? Console.Error, settings!.Verbose, hasStarted))
            .ConfigureServices((context, services) => services
                .Configure<HostOptions>(options => options.ShutdownTimeout = KadOptions.SiloShutdownTimeout)
                .AddKadTelemetry(settings!.Telemetry, context.Configuration, provider => Describe(provider, settings), providers.ClientLibraries))
            .ConfigureWebHost(web => HttpHosting.ConfigureSilo(web, () => settings!, providers))
            .UseOrleans((context, silo) => Configure(silo, context.Configuration, settings!, providers))
            .ConfigureServices((context, services) =>
            {
                if (ClusterProviders.Is(context.Configuration, OrleansSettings.Storage, "Sqlite")
                    && ClusterProviders.Is(context.Configuration, OrleansSettings.Reminders, "Memory"))
                {
                    services.AddSingleton<ListStored>(
                        provider => ((SqliteGrainStorage)provider.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad)).ListGrainsAsync);
                    services.AddHostedService<ShardActivator>();
                }

                if (providers.Storages.Any(one => one.MayForgetReminders && ClusterProviders.Is(context.Configuration, OrleansSettings.Reminders, one.Name)))
                {
                    // What forgets a shard's reminder leaves it to sleep until somebody asks.
                    services.AddSingleton<ListStored>(provider => _ => LostReminders.FindShardsAsync(provider));
                    services.AddSingleton(new ShardActivatorOptions(LostReminders.Interval));
                    services.AddHostedService<ShardActivator>();
                }

                if (!ClusterProviders.Is(context.Configuration, OrleansSettings.Clustering, "Development"))
                {
                    services.AddHostedService<OwnRowWatch>();
                }

                if (settings!.HasEdge)
                {
                    // The co-hosted edge calls grains directly, without an Orleans client.
                    services.AddEdge(
                        settings.Edge, endpoint => UdpTransport.Bind(endpoint), line => EdgeHost.AnnounceEdge(host!.Services, line, output));
                }
            })
            .Build();
        return host;
    }

    /// <summary>A builder with the settings of the command line, the environment and files, and with those that they imply.</summary>
    public static IHostBuilder CreateBuilder(string[] args, Func<IConfiguration, Dictionary<string, string?>> complete) =>
        Host.CreateDefaultBuilder(args)
            .ConfigureHostConfiguration(host => host.AddInMemoryCollection(KadSettings.Unwatched))
            .ConfigureAppConfiguration(configuration =>
            {
                var given = configuration.Build();
                using var end = given as IDisposable;
                configuration.AddInMemoryCollection(complete(given));
            });

    public static void Bind(IConfiguration configuration, KadClusterOptions options) => Bind(configuration, options, limits: null);

    // Of a quota each total that is not given follows from the limits, if there are any, and each part that is not given from the total.
    internal static void Bind(IConfiguration configuration, KadClusterOptions options, SiloLimits? limits)
    {
        var given = ClusterSettings(configuration);
        var quota = given.GetSection("Quota");
        var (hasKeys, hasBytes) = (quota[nameof(StoreQuota.TotalKeys)] is not null, quota[nameof(StoreQuota.TotalBytes)] is not null);
        try
        {
            given.Bind(options);
            limits?.SetTotals(options, hasKeys, hasBytes);
            if (limits is not null || hasKeys || hasBytes)
            {
                options.Quota = StoreQuota.OfTotal(options.Quota.TotalKeys, options.Quota.TotalBytes);
                quota.Bind(options.Quota);
            }
        }
        catch (InvalidOperationException mistake)
        {
            throw KadSettings.Mistake(mistake.Message);
        }

        limits?.Check(options, hasKeys);
    }

    private static IConfigurationSection ClusterSettings(IConfiguration configuration) =>
        new ConfigurationBuilder().AddInMemoryCollection(KadSettings.Given(configuration, ClusterSection)).Build().GetSection(ClusterSection);

    private static KeyValuePair<string, object>[] Describe(IServiceProvider services, KadOptions settings)
    {
        KeyValuePair<string, object>[] silo =
        [
            new("kad.cluster.id", services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId),
            new("kad.silo.name", services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName),
        ];
        return settings.HasEdge ? [.. silo, new("kad.edge.name", settings.Edge.Name)] : silo;
    }

    private static void ConfigureLog(ILoggingBuilder logging, IConfiguration configuration, TextWriter log, bool verbose, Func<bool>? hasStarted)
    {
        logging.UseConsoleLog(log, verbose);

        // The watchdog's first check may precede its first timestamp. Then it warns of a stall since the machine's start.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        if (!verbose)
        {
            // It warns of each step of a stop that takes more than a second, as the hand-over of shards does, which logs its end itself.
            logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", level => level >= LogLevel.Error && HasStarted());

            // It logs each failed handshake, which strangers cause. Refused certificates are logged, in a sentence, by this project.
            logging.AddFilter("Orleans.Connections.Security", LogLevel.Error);

            // It logs each call that no silo can take, as the dashboard's while the last silo stops. Callers log failures.
            logging.AddFilter("Orleans.Messaging", LogLevel.Critical);

            // By it Orleans logs each try of a call to a silo that is dead, with the stack. What fails for good its callers log.
            logging.AddFilter("Polly", LogLevel.Critical);

            // It logs, with the stack, each call of a grain of a made-up key, which strangers make. Callers are told why.
            logging.AddFilter("Orleans.Runtime.Messaging.MessageCenter", LogLevel.Critical);

            // Both log a start that fails or is stopped. The last line says why.
            logging.AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && HasStarted());
            logging.AddFilter("Orleans.Runtime.Silo", level => level >= LogLevel.Warning && HasStarted());
        }
        else
        {
            logging.AddFilter("Orleans", LogLevel.Information);
        }

        // Last, so that it overrides the filters above.
        logging.AddConfiguration(configuration.GetSection("Logging"));

        bool HasStarted() => hasStarted?.Invoke() ?? true;
    }

    private static void Configure(ISiloBuilder silo, IConfiguration configuration, KadOptions settings, KadProviders providers)
    {
        // Stored state is serialized by [GenerateSerializer], whatever the storage.
        silo.Services.TryAddKeyedSingleton<IGrainStorageSerializer>(
            GrainStorageName.Kad, (services, _) => ActivatorUtilities.CreateInstance<PooledGrainStorageSerializer>(services));
        // Instead of the grains' default, which makes a system call for each number: a write needs two numbers.
        silo.Services.TryAddSingleton<IRandomSource, CryptographicRandomSource>();
        silo.UseKadGrains(options =>
        {
            Bind(configuration, options, settings.IsLocal ? SiloLimits.Read(settings.Data) : null);
            if (settings.IsLocal)
            {
                OwnKeys.Provide(options, settings.Data);

                // The only silo has all shards. Fewer of them share a record for more puts (ADR 38).
                options.DefaultShardBits = 4;
            }
        });
        silo.Services.AddProcessClock();
        SetUpConnections(silo, settings, providers.FindTls(settings.Tls));
        silo.Configure<SiloMessagingOptions>(MessageLimits.Set);
        BoundedListeners.Use(silo.Services);

        silo.Services.AddSingleton(new PortSettings
        {
            Silo = new PortSetting("Kad:Silo:Port", settings.Silo.Port == 0),
            Gateway = new PortSetting("Kad:Silo:GatewayPort", settings.Silo.GatewayPort == 0),
            Address = "Kad:Silo:Address",
            Allowed = "a free port is needed, or 0 for any",
        });
        silo.Services.AddSingleton<SiloIdentity>();
        silo.Services.Replace(ServiceDescriptor.Singleton<ILocalSiloDetails>(services => services.GetRequiredService<SiloIdentity>()));
        silo.Services.AddStorageFailures(providers);
        silo.Services.AddSingleton<FatalError>();
        silo.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler>(services => services.GetRequiredService<FatalError>()));

        // A silo whose clock is minutes ahead would otherwise declare each starting silo dead, as one that did not join in time.
        silo.Services.AddOptions<ClusterMembershipOptions>()
            .Configure(options => options.EvictWhenMaxJoinAttemptTimeExceeded = false)
            .BindConfiguration(ClusterProviders.Membership);

        if (!settings.IsLocal)
        {
            AddRebalancing(silo);
        }

        // Each silo reports to all dashboards, even if it serves none.
        silo.AddDashboard(options => options.HideTrace = true);
        if (settings.Telemetry is not null)
        {
            silo.AddActivityPropagation();
        }

        ClusterProviders.AddConnections(silo.Services, configuration, settings, providers, isSilo: true);
    }

    private static void SetUpConnections(ISiloBuilder silo, KadOptions settings, ITlsProvider? tls)
    {
        ClusterConnections.AddServices(silo.Services, settings.Tls, tls, CertificateUse.Silo);
        silo.Configure<SiloConnectionOptions>(ports =>
        {
            ports.ConfigureSiloInboundConnection(connections => ClusterConnections.SetUpPort(connections, ConnectionSide.SiloPort, tls, settings.Silo));
            ports.ConfigureGatewayInboundConnection(connections => ClusterConnections.SetUpPort(connections, ConnectionSide.Gateway, tls, settings.Silo));
            ports.ConfigureSiloOutboundConnection(connections => ClusterConnections.SetUp(connections, ConnectionSide.Caller, tls));
        });

        // Behind the handshake, which the grains add.
        silo.Services.PostConfigure<SiloConnectionOptions>(static ports =>
        {
            ports.ConfigureSiloInboundConnection(ClusterConnections.MarkKnown);
            ports.ConfigureGatewayInboundConnection(ClusterConnections.MarkKnown);
        });
    }

    /// <summary>Moves grains to a new or restarted silo: the death of a silo with most grains would stop most of them.</summary>
    private static void AddRebalancing(ISiloBuilder silo)
    {
#pragma warning disable ORLEANSEXP002 // Orleans may still change how it is configured, not what it does.
        silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
        RebalancerStop.Add(silo);
        silo.Services.AddOptions<ActivationRebalancerOptions>().Configure<ClusterShards>((options, shards) =>
        {
            (options.RebalancerDueTime, options.SessionCyclePeriod) = (TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(5));

            // By default the first cycles of a session move a tenth of what they should: with some hundred grains, none. On a busy silo a
            // cycle may count grains that are being moved, so it moves few.
            options.CycleNumberWeight = 0.3;
            options.ActivationMigrationCountLimit = LimitOf(shards.Layout);

            // The rebalancer keeps these options, and reads the limit in each cycle.
            shards.Changed += layout => options.ActivationMigrationCountLimit = LimitOf(layout);
        });

        static int LimitOf(ShardLayout shards) => Math.Clamp(shards.Count / 8, 16, MessageLimits.MostMoved);
    }
}
