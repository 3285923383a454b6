using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Hosting.Http;

/// <summary>Whether a process is ready to serve: the response of <c>/health/ready</c>.</summary>
/// <param name="Status"><see cref="Ready"/>, or in a few words what is missing.</param>
/// <param name="Reason">The status in a sentence, if there is more to say.</param>
internal readonly record struct Health(string Status, string? Reason = null)
{
    public const string Ready = "ready";

    public bool IsReady => Status == Ready;

    /// <summary>The result of the check of <c>/health/ready</c>.</summary>
    public HealthCheckResult ToResult() => new(
        IsReady ? HealthStatus.Healthy : HealthStatus.Unhealthy,
        Status,
        data: Reason is null ? null : new Dictionary<string, object> { [HealthPages.Reason] = Reason });
}

/// <summary>
/// Serves two pages without authentication. <c>/health/live</c>: 200 while the process runs. <c>/health/ready</c>: 200 while it serves,
/// else 503. The body is <c>{"status":"…"}</c>, with a <c>reason</c> if there is more to say.
/// </summary>
internal static class HealthPages
{
    public const string Live = "/health/live";
    public const string Ready = "/health/ready";

    internal const string Reason = "reason";

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks(Live, new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        endpoints.MapHealthChecks(Ready, new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    /// <summary>Writes a JSON response with <c>Cache-Control: no-store</c>.</summary>
    public static Task WriteJsonAsync(this HttpContext context, JsonNode body)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    public static Health Read(HealthReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var check = report.Entries.Values.FirstOrDefault();
        return new Health(check.Description ?? "live", check.Data?.GetValueOrDefault(Reason) as string);
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var (status, reason) = Read(report);
        var body = new JsonObject { ["status"] = status };
        if (reason is not null)
        {
            body[Reason] = reason;
        }

        return context.WriteJsonAsync(body);
    }
}
