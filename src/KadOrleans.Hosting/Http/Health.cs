using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Hosting.Http;

/// <summary>Whether a process is ready to serve, as <c>/health/ready</c> says.</summary>
/// <param name="Status"><see cref="Ready"/>, or what is missing in a few words.</param>
/// <param name="Reason">The same in a sentence, where there is more to say.</param>
internal readonly record struct Health(string Status, string? Reason = null)
{
    /// <summary>The status of a process that is ready.</summary>
    public const string Ready = "ready";

    /// <summary>Whether the process is ready.</summary>
    public bool IsReady => Status == Ready;
}

/// <summary>
/// <c>/health/live</c>: 200 as long as the process answers, whatever it lacks. <c>/health/ready</c>: 200 while it serves, else 503. The
/// body is <c>{"status":"…"}</c>, with a <c>reason</c> where there is more to say. Both are open to all.
/// </summary>
internal static class HealthPages
{
    /// <summary>The page that says whether the process answers.</summary>
    public const string Live = "/health/live";

    /// <summary>The page that says whether the process serves.</summary>
    public const string Ready = "/health/ready";

    private const string Reason = "reason";

    /// <summary>Adds the check that <c>/health/ready</c> asks.</summary>
    /// <param name="services">The server's.</param>
    /// <param name="health">Asked at each request, from any thread; never waits.</param>
    public static IServiceCollection AddHealth(this IServiceCollection services, Func<IServiceProvider, Health> health)
    {
        services.AddHealthChecks().Add(new HealthCheckRegistration(Health.Ready, provider => new Check(() => health(provider)), null, null));
        return services;
    }

    /// <summary>Serves both pages.</summary>
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks(Live, new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        endpoints.MapHealthChecks(Ready, new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    /// <summary>Writes a response that nobody keeps.</summary>
    public static Task WriteJsonAsync(this HttpContext context, JsonNode body)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var check = report.Entries.Values.FirstOrDefault();
        var body = new JsonObject { ["status"] = check.Description ?? "live" };
        if (check.Data?.GetValueOrDefault(Reason) is string reason)
        {
            body[Reason] = reason;
        }

        return context.WriteJsonAsync(body);
    }

    private sealed class Check(Func<Health> health) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var (status, reason) = health();
            return Task.FromResult(new HealthCheckResult(
                status == Health.Ready ? HealthStatus.Healthy : HealthStatus.Unhealthy,
                status,
                data: reason is null ? null : new Dictionary<string, object> { [Reason] = reason }));
        }
    }
}
