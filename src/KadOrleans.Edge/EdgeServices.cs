using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace KadOrleans.Edge;

internal static class EdgeServices
{
    // A client reads the silos' addresses again more often than a silo can be declared dead.
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(10);

    // Adds an edge that starts and stops with the host, whose options were checked. What transports throws for an endpoint ends start-up.
    // announce gets a line for each id, besides the log.
    public static IServiceCollection AddEdge(
        this IServiceCollection services, KadEdgeOptions options, Func<UdpEndpoint, IDatagramTransport> transports, Action<string>? announce = null) =>
        services.AddEdge(_ => options, transports, announce);

    public static IServiceCollection AddEdge(
        this IServiceCollection services,
        Func<IServiceProvider, KadEdgeOptions> options,
        Func<UdpEndpoint, IDatagramTransport> transports,
        Action<string>? announce = null)
    {
        services.AddOptions<GatewayOptions>().Configure(options => options.GatewayListRefreshPeriod = GatewayRefresh);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRandomSource, CryptographicRandomSource>();
        services.TryAddSingleton(new EdgeTiming());
        services.TryAddSingleton<ClockWatch>();
        services.AddSingleton(options);
        services.AddSingleton(s => new EdgeHealth(
            s.GetRequiredService<KadEdgeOptions>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ClockWatch>()));
        services.AddSingleton<EdgeContext>();
        services.TryAddSingleton<ISignatures>(Ed25519Signatures.Instance);
        services.TryAddSingleton(s => new NodeEnvironment
        {
            Signatures = s.GetRequiredService<ISignatures>(),
            Time = s.GetRequiredService<TimeProvider>(),
            Random = s.GetRequiredService<IRandomSource>(),
            LoggerFactory = s.GetRequiredService<ILoggerFactory>(),
        });
        services.AddHostedService(s =>
        {
            // First, as they are checked: a host without grains has a sentence of theirs.
            _ = s.GetRequiredService<KadEdgeOptions>();
            return ActivatorUtilities.CreateInstance<EdgeService>(s, transports, announce ?? (static _ => { }));
        });
        return services;
    }
}
