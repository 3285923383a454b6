using KadOrleans.Node;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses UDP as a node's transport.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class UdpKadNodeBuilderExtensions
{
    /// <summary>Listens on the given endpoints, or on 0.0.0.0:8468 if none is given.</summary>
    public static KadNodeBuilder UseUdp(this KadNodeBuilder builder, params UdpEndpoint[] endpoints)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(endpoints);
        return builder.UseUdp(endpoints.Length == 0 ? new UdpTransportOptions() : new UdpTransportOptions { Listen = endpoints });
    }

    /// <summary>Listens on the given endpoints, each as ADDRESS:PORT such as 0.0.0.0:8468 or [::]:8468.</summary>
    /// <exception cref="FormatException">One is no address with a port; the message names it.</exception>
    public static KadNodeBuilder UseUdp(this KadNodeBuilder builder, string endpoint, params string[] more)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(more);
        return builder.UseUdp([UdpEndpoint.Parse(endpoint), .. more.Select(UdpEndpoint.Parse)]);
    }

    /// <summary>Listens as the options say. The port is bound when the host starts; <see cref="TransportException"/> if it can't be.</summary>
    /// <exception cref="InvalidOperationException">The node has a transport already.</exception>
    public static KadNodeBuilder UseUdp(this KadNodeBuilder builder, UdpTransportOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        if (builder.Services.Any(static service => service.ServiceType == typeof(IDatagramTransport)))
        {
            throw new InvalidOperationException(
                "The node has a transport already, and may have only one. For several endpoints name all in one call: UseUdp(first, second).");
        }

        builder.Services.AddSingleton<IDatagramTransport>(
            services => UdpTransport.Bind(options, services.GetRequiredService<ILogger<UdpTransport>>()));
        return builder;
    }
}
