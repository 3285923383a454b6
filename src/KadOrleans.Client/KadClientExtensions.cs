using KadOrleans;
using KadOrleans.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds <see cref="IDht"/> to an Orleans client or a silo.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class KadClientExtensions
{
    /// <summary>Registers <see cref="IDht"/> over the services' grain factory, which an Orleans client or silo registers.</summary>
    public static IServiceCollection AddKadClient(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IDht, DhtClient>();
        services.TryAddEnumerable(FormerNames.Service);
        return services;
    }

    /// <inheritdoc cref="AddKadClient(IServiceCollection)"/>
    public static IClientBuilder AddKadClient(this IClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddKadClient();
        return builder;
    }
}
