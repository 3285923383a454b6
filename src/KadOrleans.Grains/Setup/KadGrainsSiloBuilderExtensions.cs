using KadOrleans;
using KadOrleans.Core.Items;
using KadOrleans.Grains;
using KadOrleans.Signatures;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Orleans.Hosting;

/// <summary>Adds the DHT's grains to a silo.</summary>
/// <remarks>In this namespace, as programs that make a silo have it already.</remarks>
public static class KadGrainsSiloBuilderExtensions
{
    /// <summary>
    /// Adds the grains' services and options, which are validated at start and compared with the cluster's, and <see cref="IDhtAdmin"/>. The
    /// silo must provide grain storage named <see cref="GrainStorageName.Kad"/> and reminders. The keys of the cluster are by default those of
    /// the configuration, <c>Kad:Cluster:GatewayKey</c> and so on. With them all clients of the silo's gateway need <c>AddKadClient</c>, and all
    /// its silos <c>UseKadGrains</c>. A port that another process or silo listens on stops the start with a sentence: Orleans would share it.
    /// </summary>
    public static ISiloBuilder UseKadGrains(this ISiloBuilder builder, Action<KadClusterOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Services.AddOptions<KadClusterOptions>().Configure<IServiceProvider>(ReadKeys).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<KadClusterOptions>, KadClusterOptionsValidator>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigurationValidator, SiloServicesCheck>());
        builder.Services.TryAddSingleton<PortCheck>();
        builder.Services.AddSingleton<IConfigurationValidator>(static services => services.GetRequiredService<PortCheck>());
        builder.Services.TryAddSingleton<IRandomSource, CryptographicRandom>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, FailedStart>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, MetricsStart>();
        builder.Services.TryAddSingleton<ClusterShards>();
        builder.Services.TryAddSingleton(services =>
            new ValueCache(services.GetRequiredService<IOptions<KadClusterOptions>>().Value.Cache ?? KadClusterOptions.DefaultCache));
        builder.Services.TryAddSingleton<SiloNews>();
        builder.Services.TryAddSingleton<ISignatures>(Ed25519Signatures.Instance);
        builder.Services.TryAddSingleton(static services => new ItemChecks(services.GetRequiredService<ISignatures>(), TimeProvider.System));

        // Not made before the first call: the silo is still being made.
        builder.Services.TryAddSingleton(typeof(SiloServices<>));
        builder.Services.TryAddSingleton<AskSilo>(services =>
            (silo, known) => services.GetRequiredService<SiloServices<IShardDesk>>().At(silo).AskShardsAsync(known).AsTask());
        AddService<ShardDesk>(builder);
        builder.Services.TryAddSingleton<ClusterLimits>();
        builder.Services.TryAddSingleton<OwnMembership>();
        builder.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.ActivationManagement, new SteadyTime(TimeProvider.System));
        builder.Services.TryAddSingleton<ClusterTime>();
        builder.Services.TryAddSingleton<ClusterClock>();
        builder.Services.TryAddSingleton<AskClock>(services =>
            silo => services.GetRequiredService<SiloServices<ISiloClockService>>().At(silo).GetAsync());
        AddService<SiloClockService>(builder);
        builder.Services.TryAddSingleton<ActiveGrains>();
        builder.Services.TryAddSingleton<DescribeSilo>(services =>
        {
            var silos = services.GetRequiredService<ISiloStatusOracle>();
            return () => new SiloState(silos.CurrentStatus == SiloStatus.Active, null);
        });
        builder.Services.TryAddSingleton<SiloReporter>();
        builder.Services.TryAddSingleton<AskReport>(services =>
            (silo, grain) => services.GetRequiredService<SiloServices<ISiloReportService>>().At(silo).GetAsync(grain));
        AddService<SiloReportService>(builder);
        builder.Services.TryAddSingleton<ClusterSilos>();
        builder.Services.TryAddSingleton<AdminCalls>();
        builder.Services.TryAddSingleton<IDhtAdmin, ClusterAdmin>();
        builder.Services.TryAddSingleton<EdgeHolders>();
        builder.Services.TryAddSingleton(static services => new KnownEdges(services.GetRequiredService<ClusterTime>()));
        builder.Services.TryAddSingleton<CrawlTiming>();
        builder.Services.TryAddSingleton<ClusterAgreement>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<ClusterAgreement>());
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ShardHandOver>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, OpenPortWarning>();
        builder.Services.TryAddSingleton<ClusterKeys>();
        builder.Services.TryAddSingleton<CallRules>();
        builder.Services.TryAddSingleton<SiloHandshakes>();
        builder.Services.TryAddSingleton<CallerProofs>();
        builder.Services.TryAddSingleton<ManagementLog>();

        // Before all other filters, so that they see no proof, and nothing else that came with a call.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IIncomingGrainCallFilter, CallFilter>());
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IConfigureGrainContextProvider, ActivationGuard>());
        builder.AddOutgoingGrainCallFilter<SiloCallFilter>();
        ProvenPorts.Add(builder);
        builder.Services.AddHostedService<ClusterFollower>();
        return builder;
    }

    /// <summary>Registers <see cref="IDht"/>, for the silo's grains and the services of its host.</summary>
    public static ISiloBuilder AddKadClient(this ISiloBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigurationValidator, SiloServicesCheck>());
        builder.Services.AddClient();
        return builder;
    }

    private static void ReadKeys(KadClusterOptions options, IServiceProvider services)
    {
        if (services.GetService<IConfiguration>() is not { } configuration)
        {
            return;
        }

        KeySettings.RefuseMisspelt<KadClusterOptions>(configuration);

        // What the program has set before stays: a key must not be lost by the order of calls.
        options.GatewayKey ??= configuration[KeySettings.Gateway];
        options.GatewayKeyFile ??= configuration[KeySettings.GatewayFile];
        options.SecondGatewayKey ??= configuration[KeySettings.SecondGateway];
        options.SiloKey ??= configuration[KeySettings.Silo];
        options.SiloKeyFile ??= configuration[KeySettings.SiloFile];
        options.SecondSiloKey ??= configuration[KeySettings.SecondSilo];
    }

    // Orleans logs, as the service, its start, stop and range of the ring, which is not used.
    private static void AddService<TService>(ISiloBuilder builder)
        where TService : GrainService
    {
        builder.AddGrainService<TService>();
        builder.Services.AddLogging(static logging => logging.AddFilter(typeof(TService).FullName, LogLevel.Warning));
    }
}
