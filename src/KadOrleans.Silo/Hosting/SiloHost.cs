using KadOrleans.EdgeWorker.Hosting;
using KadOrleans.Core;
using KadOrleans.Grains;
using KadOrleans.Grains.Hosting;
using KadOrleans.Node;
using KadOrleans.Silo.Configuration;
using KadOrleans.Hosting.Telemetry;
using KadOrleans.Tls.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Storage;

namespace KadOrleans.Silo.Hosting;

/// <summary>Puts the process together. The order matters: HTTP starts first and stops last, so that health is told throughout.</summary>
internal static class SiloHost
{
    /// <summary>
    /// How long a stop may take: leases are handed back and the state of all grains is saved within it. With the grace of
    /// <see cref="OrderlyStop"/> less than the 30 s that orchestrators give a process to stop.
    /// </summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The host, not started.</summary>
    /// <exception cref="ConfigurationMistakeException">The configuration is wrong.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The configuration of the edge, or of connections' encryption, is wrong.</exception>
    public static IHost Build(string[] args, Announcer announcer)
    {
        SiloSettings? settings = null;
        TelemetryOptions? telemetry = null;
        return Host.CreateDefaultBuilder(args)
            .ConfigureHostConfiguration(host => host.AddInMemoryCollection(SettingsFiles.Unwatched))
            .ConfigureAppConfiguration(configuration => settings = Complete(configuration))
            .ConfigureLogging((context, logging) => SiloLogging.Configure(logging, context.Configuration, settings!.Verbose))
            .ConfigureServices(services => services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout))
            .ConfigureServices((context, services) => services.AddKadTelemetry(
                telemetry = TelemetryOptions.Read(context.Configuration, "kad-silo"), context.Configuration))
            .ConfigureWebHost(web => HttpHosting.Configure(web, () => settings!))
            .UseOrleans((context, silo) => Configure(silo, context.Configuration, settings!, telemetry is not null))
            .ConfigureServices((context, services) => ShardWaker.Add(services, context.Configuration))
            .ConfigureServices((context, services) => CohostedEdge.Add(services, context.Configuration, settings!, announcer))
            .Build();
    }

    private static SiloSettings Complete(IConfigurationBuilder configuration)
    {
        var given = configuration.Build();
        try
        {
            var settings = SiloSettings.Read(given);
            configuration.AddInMemoryCollection(ClusterProviders.FillIn(given, settings));
            return settings;
        }
        finally
        {
            (given as IDisposable)?.Dispose();
        }
    }

    private static void Configure(ISiloBuilder silo, IConfiguration configuration, SiloSettings settings, bool isTraced)
    {
        // Stored state is what [GenerateSerializer] says, whichever the storage.
        silo.Services.TryAddKeyedSingleton<IGrainStorageSerializer>(
            GrainStorageName.Kad, (services, _) => ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services));
        // Before the grains' own, which asks the system each time: one write draws twice.
        silo.Services.TryAddSingleton<IRandomSource, CryptographicRandomSource>();
        silo.UseKadGrains(options => ClusterOptionsReader.Bind(configuration, options));
        silo.UseKadTls(settings.Tls);

        silo.Services.AddDatabaseFailures();
        silo.Services.AddSingleton<FatalError>();
        silo.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler>(services => services.GetRequiredService<FatalError>()));
        silo.Services.AddOptions<ClusterMembershipOptions>().BindConfiguration(ClusterProviders.Membership);

        if (settings.Storage != StorageChoice.Local)
        {
            AddRebalancing(silo);
        }

        // Each silo reports to the dashboards of all, whether or not it serves one.
        silo.AddDashboard(options => options.HideTrace = true);
        if (isTraced)
        {
            silo.AddActivityPropagation();
        }

        if (settings.Storage == StorageChoice.AzureStorage)
        {
            AzureStorageSupport.Add(silo.Services, ClusterProviders.ReadAzure(configuration));
        }
    }

    /// <summary>A silo that comes back, or joins, gets its share of the grains: one that holds most of them would take most along when it dies.</summary>
    private static void AddRebalancing(ISiloBuilder silo)
    {
#pragma warning disable ORLEANSEXP002 // Orleans may still change how it is configured, not what it does.
        silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
        silo.Configure<ActivationRebalancerOptions>(options =>
            (options.RebalancerDueTime, options.SessionCyclePeriod) = (TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(5)));
    }
}
