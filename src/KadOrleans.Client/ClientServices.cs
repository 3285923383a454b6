using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KadOrleans.Client;

internal static class ClientServices
{
    /// <summary>Registers <see cref="IDht"/> over the services' grain factory, which an Orleans client or silo registers.</summary>
    /// <exception cref="InvalidOperationException">The services have a node, whose values are not the cluster's.</exception>
    public static IServiceCollection AddClient(this IServiceCollection services, Action<KadClientOptions>? configure = null)
    {
        const string call = "AddKadClient";
        HostDht.ThrowIfOther(services.Select(static service => service.ImplementationInstance), call);
        services.TryAddSingleton(new HostDht(call));
        services.TryAddSingleton<IDht, DhtClient>();
        services.AddGatewayHandshake();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }
}
