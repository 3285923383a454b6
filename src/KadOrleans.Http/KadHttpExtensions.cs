using KadOrleans.Http;
using Microsoft.AspNetCore.Authorization;
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
    /// whether that file can be used, and is healthy either way. Call <see cref="MapKad"/> too.
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

    /// <summary>
    /// Serves <c>/v1</c> and <c>/console</c>, whatever the app's own logins and policies are: their tokens are those of the file alone, and
    /// open nothing else.
    /// </summary>
    /// <param name="endpoints">The app, and no group of its endpoints.</param>
    /// <returns>What more the app asks of these requests, such as a limit on their rate.</returns>
    /// <exception cref="InvalidOperationException"><see cref="AddKadHttp"/> was not called.</exception>
    /// <exception cref="ArgumentException">It is a group, which has paths of its own.</exception>
    public static IEndpointConventionBuilder MapKad(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (endpoints is RouteGroupBuilder)
        {
            throw new ArgumentException("MapKad was called for a group of endpoints; the app itself is needed, as the paths are /v1 and /console.", nameof(endpoints));
        }

        var http = endpoints.ServiceProvider.GetService<KadHttp>()
            ?? throw new InvalidOperationException("MapKad needs AddKadHttp(…), which was not called.");
        var group = endpoints.MapGroup(string.Empty);
        group.WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();

        // The app's cache of outputs would give everybody what a session of a browser was let in for: to the app its requests are nobody's.
        group.CacheOutput(static policy => policy.NoCache());
        foreach (var root in KadHttp.Roots)
        {
            group.Map($"{root}/{{**path}}", http.ServeAsync);
        }

        return group;
    }

    /// <summary>
    /// Serves <c>/health/live</c>, which is 200 while the process runs, and <c>/health/ready</c>, which is 200 while all health checks of the
    /// app are healthy or degraded, and else 503. The body is <c>{"status":…}</c>: ready, or the words of the first check that is unhealthy, with
    /// a <c>reason</c> if there is more to say. They need no token.
    /// </summary>
    /// <exception cref="InvalidOperationException">The app has no health checks: neither <c>AddHealthChecks()</c> nor <see cref="AddKadHttp"/> was called.</exception>
    public static void MapKadHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        endpoints.MapHealth();
    }
}
