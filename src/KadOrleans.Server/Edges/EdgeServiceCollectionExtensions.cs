using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization;

namespace KadOrleans.Server;

/// <summary>Registers an edge with the host of a silo or of an Orleans client.</summary>
internal static class EdgeServiceCollectionExtensions
{
    /// <summary>
    /// Adds an edge that starts and stops with the host. Call it after the silo or the client was added, so that the edge stops first.
    /// Registers the edge's state as <see cref="EdgeHealth"/>. What <paramref name="transports"/> throws for an endpoint ends start-up.
    /// <paramref name="announce"/> gets the line <c>listening udp IP:PORT id HEX edge NAME</c> for each id, besides the log.
    /// </summary>
    public static IServiceCollection AddKadEdge(
        this IServiceCollection services,
        EdgeOptions options,
        Func<UdpEndpoint, IDatagramTransport> transports,
        Action<string>? announce = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource, CryptographicRandomSource>();
        services.TryAddSingleton(new EdgeTiming());
        services.TryAddSingleton<ClockWatch>();
        services.AddSingleton(options);
        services.AddSingleton<EdgeHealth>();
        services.AddSingleton<EdgeContext>();
        services.TryAddSingleton(s => new NodeEnvironment
        {
            Time = s.GetRequiredService<TimeProvider>(),
            Random = s.GetRequiredService<IRandomSource>(),
            LoggerFactory = s.GetRequiredService<ILoggerFactory>(),
        });
        services.AddSingleton<IHostedService>(s => new EdgeService(s.GetRequiredService<EdgeContext>(), transports, announce));
        return services;
    }

    /// <summary>Makes failures of the silos' database serializable, which Orleans' defaults do not allow.</summary>
    public static IServiceCollection AddDatabaseFailures(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(options => options.SupportedNamespacePrefixes.Add("Npgsql"));
}
