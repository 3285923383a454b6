using KadOrleans.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the HTTP API of a DHT to an ASP.NET Core app, beside its own pages.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class KadHttpExtensions
{
    /// <summary>
    /// Adds the API for keys below <c>/v1</c> over the app's <c>IDht</c>, and with its <c>IDhtAdmin</c> the management and the console, which
    /// shows what the app's health checks say. Each request needs a token of the file that the options name. The health checks get one that says
    /// whether that file can be used, and is healthy either way. Call <see cref="KadEndpointExtensions.MapKad"/> too.
    /// </summary>
    /// <param name="services">The services of the app.</param>
    /// <param name="configure">Sets the options. They are checked when the app starts, each mistake in a sentence.</param>
    public static IServiceCollection AddKadHttp(this IServiceCollection services, Action<KadHttpOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<KadHttpOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KadHttpOptions>, KadHttpOptionsValidator>());
        services.AddHealthChecks();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<HealthCheckServiceOptions>, TokenFileCheck>());
        services.TryAddSingleton<KadHttp>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, KadHttp>(provider => provider.GetRequiredService<KadHttp>()));
        return services;
    }
}
