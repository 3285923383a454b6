using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace KadOrleans.Server;

/// <summary>
/// Has a silo's two ports listen by the web server's sockets. Orleans' own read on as long as bytes come, whether anybody takes them or not: one
/// connection of a stranger then fills hundreds of megabytes before its handshake is found wrong. These stop at a bound until what they
/// have read is looked at, so it holds for no message that is longer.
/// </summary>
internal static class BoundedListeners
{
    /// <summary>Above what a handshake needs, and what fits on a fast way while a reader is late.</summary>
    private const int MostUnread = 256 << 10;

    // One for silos, one for clients.
    private const int Ports = 2;

    /// <summary>Takes the place of what Orleans has registered for each of its ports, by the same keys.</summary>
    /// <exception cref="InvalidOperationException">Orleans registers it otherwise: its ports would have no bound.</exception>
    public static void Use(IServiceCollection services)
    {
        ServiceDescriptor[] ports = [.. services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory))];
        if (ports.Length != Ports)
        {
            throw new InvalidOperationException($"Orleans has {ports.Length} listeners of its own in place of {Ports}.");
        }

        foreach (var port in ports)
        {
            services.Remove(port);
            services.AddKeyedSingleton<IConnectionListenerFactory>(port.ServiceKey, static (provider, _) => new SocketTransportFactory(
                Options.Create(new SocketTransportOptions { MaxReadBufferSize = MostUnread, MaxWriteBufferSize = null }),
                provider.GetRequiredService<ILoggerFactory>()));
        }
    }
}
