using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace KadOrleans.Grains;

/// <summary>
/// Has the connections of a silo that has keys begin with a handshake, whichever side of them it is. It is the innermost of what a host sets
/// up for them, so it is made within TLS and before Orleans reads a byte.
/// </summary>
internal static class ProvenPorts
{
    public static void Add(ISiloBuilder silo) => silo.Services.AddOptions<SiloConnectionOptions>().PostConfigure(static ports =>
    {
        ports.ConfigureGatewayInboundConnection(static connections =>
        {
            Expect(connections, PortKind.Gateway, static keys => keys.Gateway);
            FirstMessage.Expect(connections);
        });
        ports.ConfigureSiloInboundConnection(static connections => Expect(connections, PortKind.Silo, static keys => keys.Silo));
        ports.ConfigureSiloOutboundConnection(static connections =>
        {
            var (terms, keys, time) = Of(connections, PortKind.Silo, static keys => keys.Silo);
            var handshakes = connections.ApplicationServices.GetRequiredService<SiloHandshakes>();
            connections.Use(next => connection => keys.Count > 0
                ? handshakes.MakeAsync(connection, next, terms, keys[0], time)
                : handshakes.GoWithoutKeyAsync(connection, next, time));
        });
    });

    private static void Expect(IConnectionBuilder connections, PortKind kind, Func<ClusterKeys, IReadOnlyList<ClusterKey>> of)
    {
        var (terms, keys, time) = Of(connections, kind, of);
        if (keys.Count > 0)
        {
            connections.Use(next => connection => PortHandshake.ExpectAsync(
                connection, next, terms, keys, time, end => GrainMetrics.RefusedConnection(kind, end)));
        }
    }

    private static (PortTerms Terms, IReadOnlyList<ClusterKey> Keys, TimeProvider Time) Of(
        IConnectionBuilder connections, PortKind kind, Func<ClusterKeys, IReadOnlyList<ClusterKey>> of)
    {
        var services = connections.ApplicationServices;
        return (
            new PortTerms(kind, services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId),
            of(services.GetRequiredService<ClusterKeys>()),
            services.GetService<TimeProvider>() ?? TimeProvider.System);
    }
}
