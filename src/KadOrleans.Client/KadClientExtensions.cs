using KadOrleans;
using KadOrleans.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds <see cref="IDht"/> to an Orleans client or a silo.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class KadClientExtensions
{
    /// <summary>
    /// Registers <see cref="IDht"/> over the services' grain factory, which an Orleans client or silo registers. A client proves to the gateways
    /// that it has the cluster's key, if it has one: by default the setting <c>Kad:Cluster:GatewayKey</c>, or the file that
    /// <c>Kad:Cluster:GatewayKeyFile</c> names.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options of a client, whose key is checked when it starts. A silo does not use them.</param>
    public static IServiceCollection AddKadClient(this IServiceCollection services, Action<KadClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IDht, DhtClient>();
        services.AddGatewayHandshake();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }

    /// <inheritdoc cref="AddKadClient(IServiceCollection, Action{KadClientOptions}?)"/>
    public static IClientBuilder AddKadClient(this IClientBuilder builder, Action<KadClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddKadClient(configure);
        return builder;
    }
}
