using System.Net.Sockets;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Hosting;

/// <summary>Where a process serves HTTP, to whom, and the names of the settings of that. Port 0 is any free one.</summary>
public sealed record HttpPlace(
    IPEndPoint Address, HostNames Hosts, string Setting, string HostsSetting, int Connections = HttpLimits.MaxConnections);

/// <summary>Serves a process's health and status, and what its owner adds.</summary>
public sealed class StatusServer(WebApplication application) : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The address that it is served on, with the real port.</summary>
    public IPEndPoint Address { get; } = IPEndPoint.Parse(new Uri(application.Urls.First()).Authority);

    // Binds the address and starts to serve. The health is asked for from any thread, and must not block. The pages are added to its own.
    public static async Task<StatusServer> StartAsync(
        HttpPlace place,
        Func<Health> health,
        Action<IEndpointRouteBuilder> map,
        Action<IServiceCollection>? services,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenWithin(place.Address, place.Connections));
        builder.Services.AddRoutingCore().AddSingleton(loggers).AddHealthChecks().AddCheck(Health.Ready, () => health().ToResult());
        services?.Invoke(builder.Services);
        var application = builder.Build();
        application.UseHostCheck(place);
        application.MapHealth();
        map(application);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw KadSettings.Mistake($"{place.Setting}: cannot listen on {place.Address} ({Phrases.ReasonOf(e)}).");
        }

        return new StatusServer(application);
    }

    /// <summary>Stops within a second: open connections do not delay the process's end.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(StopTimeout);
        await application.StopAsync(timeout.Token);
        await application.DisposeAsync();
    }
}

// Whether a process is ready to serve: the response of /health/ready. The status is Ready, or in a few words what is missing. The reason
// is the status in a sentence, if there is more to say.
public readonly record struct Health(string Status, string? Reason = null)
{
    public const string Ready = "ready";

    public bool IsReady => Status == Ready;

    public HealthCheckResult ToResult() => new(
        IsReady ? HealthStatus.Healthy : HealthStatus.Unhealthy,
        Status,
        data: Reason is null ? null : new Dictionary<string, object> { [HealthPages.Reason] = Reason });
}

// Serves two pages without authentication. /health/live: 200 while the process runs. /health/ready: 200 while it serves, else
// 503. The body is {"status":"…"}, with a reason if there is more to say.
public static class HealthPages
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
        var check = report.Entries.Values.FirstOrDefault();
        return new Health(check.Description ?? "live", check.Data?.GetValueOrDefault(Reason) as string);
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var (status, reason) = Read(report);
        return context.WriteJsonAsync(
            reason is null ? new JsonObject { ["status"] = status } : new JsonObject { ["status"] = status, [Reason] = reason });
    }
}
