using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KadOrleans.Client;

internal static class ClientServices
{
    /// <summary>Registers <see cref="IDht"/> over the services' grain factory, which an Orleans client or silo registers.</summary>
    public static IServiceCollection AddClient(this IServiceCollection services, Action<KadClientOptions>? configure = null)
    {
        services.TryAddSingleton<IDht, DhtClient>();
        services.AddGatewayHandshake();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }
}
