using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Http;

// Whether a process is ready to serve: the response of /health/ready. The status is Ready, or in a few words what is missing. The reason
// is the status in a sentence, if there is more to say. A process whose storage refuses writes is ready while it serves reads.
// RefusesWrites is also set where storage is away.
internal readonly record struct Health(string Status, string? Reason = null, bool RefusesWrites = false)
{
    public const string Ready = "ready";

    public bool IsReady => Status == Ready;

    public HealthCheckResult ToResult() => new(
        IsReady ? HealthStatus.Healthy : HealthStatus.Unhealthy,
        Status,
        data: DataOf(this));

    private static Dictionary<string, object> DataOf(Health health)
    {
        var data = new Dictionary<string, object> { [HealthPages.RefusesWrites] = health.RefusesWrites };
        if (health.Reason is { } reason)
        {
            data[HealthPages.Reason] = reason;
        }

        return data;
    }
}

// Serves two pages without authentication. /health/live: 200 while the process runs. /health/ready: 200 while it serves, else
// 503. The body is {"status":"…"}, with a reason if there is more to say.
internal static class HealthPages
{
    public const string Live = "/health/live";
    public const string Ready = "/health/ready";

    internal const string Reason = "reason";
    internal const string RefusesWrites = "refusesWrites";

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks(Live, new HealthCheckOptions
        {
            Predicate = _ => false,
            ResponseWriter = static (context, _) => context.WriteJsonAsync(new JsonObject { ["status"] = "live" }),
        });
        endpoints.MapHealthChecks(Ready, new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    /// <summary>Writes a JSON response with <c>Cache-Control: no-store</c>.</summary>
    public static Task WriteJsonAsync(this HttpContext context, JsonNode body)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    /// <summary>
    /// Reads all checks: the status is that of the first that is unhealthy. The first reason is that of all, or the words of one that is
    /// degraded.
    /// </summary>
    public static Health Read(HealthReport report)
    {
        if (report.Entries.Count == 0)
        {
            return new Health(Health.Ready);
        }

        var (name, worst) = report.Entries.First(one => one.Value.Status == report.Status);
        var checks = report.Entries.Values;
        return new Health(
            report.Status == HealthStatus.Unhealthy ? worst.Description ?? $"the check {name} is unhealthy" : Health.Ready,
            checks.Select(one => one.Data.GetValueOrDefault(Reason)).OfType<string>().FirstOrDefault()
                ?? (report.Status == HealthStatus.Degraded ? worst.Description ?? $"the check {name} is degraded" : null),
            checks.Any(one => one.Data.GetValueOrDefault(RefusesWrites) is true));
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var (status, reason, _) = Read(report);
        return context.WriteJsonAsync(
            reason is null ? new JsonObject { ["status"] = status } : new JsonObject { ["status"] = status, [Reason] = reason });
    }
}
