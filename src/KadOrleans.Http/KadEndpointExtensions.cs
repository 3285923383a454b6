using KadOrleans.Http;
using Microsoft.AspNetCore.Authorization;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Serves the HTTP API of a DHT, and its health, in an ASP.NET Core app.</summary>
/// <remarks>In this namespace, as programs that map endpoints have it already.</remarks>
public static class KadEndpointExtensions
{
    /// <summary>
    /// Serves <c>/v1</c> and <c>/console</c>, whatever the app's own logins and policies are: their tokens are those of the file alone, and
    /// open nothing else.
    /// </summary>
    /// <param name="endpoints">The app, and no group of its endpoints.</param>
    /// <returns>What more the app asks of these requests, such as a limit on their rate.</returns>
    /// <exception cref="InvalidOperationException"><see cref="KadHttpExtensions.AddKadHttp"/> was not called.</exception>
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
    /// <exception cref="InvalidOperationException">The app has no health checks: neither <c>AddHealthChecks()</c> nor <see cref="KadHttpExtensions.AddKadHttp"/> was called.</exception>
    public static void MapKadHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        endpoints.MapHealth();
    }
}
