using KadOrleans;
using KadOrleans.Client;

namespace Orleans.Hosting;

/// <summary>Adds <see cref="IDht"/> to an Orleans client.</summary>
/// <remarks>In this namespace, as programs that make a client have it already.</remarks>
public static class KadClientExtensions
{
    /// <summary>
    /// Registers <see cref="IDht"/>. The client proves to the gateways that it has the cluster's key, if it has one: by default the setting
    /// <c>Kad:Cluster:GatewayKey</c>, or the file that <c>Kad:Cluster:GatewayKeyFile</c> names.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">Sets the options, whose key is checked when the client starts.</param>
    public static IClientBuilder AddKadClient(this IClientBuilder builder, Action<KadClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddClient(configure);
        return builder;
    }
}
