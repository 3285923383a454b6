using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using KadOrleans.EdgeWorker.Edges;
using KadOrleans.Edge.Configuration;
using KadOrleans.Edge.Hosting;
using KadOrleans.Hosting.Http;

namespace KadOrleans.Edge.Http;

/// <summary>
/// Serves /health/live (200 while the process answers), /health/ready (200 when the edge can serve, else 503) and, on loopback
/// alone, /status. It runs before the silos are found. Nothing here calls a grain or changes anything.
/// </summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly WebApplication _application;

    private StatusServer(WebApplication application, IPEndPoint address)
    {
        (_application, Address) = (application, address);
    }

    /// <summary>Where it is served, with the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Binds and begins to serve.</summary>
    /// <exception cref="ConfigurationException">The address is taken, or not of this machine.</exception>
    public static async Task<StatusServer> StartAsync(
        IPEndPoint address, HostNames hosts, EdgeHealth health, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenWithin(address));
        builder.Services.AddRoutingCore().AddSingleton(loggers);
        var application = builder.Build();
        application.UseHostCheck(hosts, HttpAddress.HostsSetting);
        Map(application, health);
        MapStatus(application, health, address, loggers);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await application.DisposeAsync();
            var reason = (e.InnerException?.InnerException ?? e.InnerException ?? e).Message.TrimEnd('.');
            throw new ConfigurationException($"{HttpAddress.Setting}: cannot listen on {address} ({reason}).", e);
        }

        return new StatusServer(application, IPEndPoint.Parse(new Uri(application.Urls.First()).Authority));
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever holds a connection open must not hold the edge up.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static void Map(WebApplication application, EdgeHealth health)
    {
        application.MapGet("/health/live", context => AnswerAsync(context, null));
        application.MapGet("/health/ready", context => AnswerAsync(context, health.Obstacle));
    }

    private static void MapStatus(WebApplication application, EdgeHealth health, IPEndPoint address, ILoggerFactory loggers)
    {
        if (IPAddress.IsLoopback(address.Address))
        {
            application.MapGet("/status", context => context.Response.WriteAsJsonAsync(health.Describe(), Json, context.RequestAborted));
        }
        else
        {
            loggers.CreateLogger<StatusServer>().StatusNotServed(address);
        }
    }

    private static Task AnswerAsync(HttpContext context, string? obstacle)
    {
        context.Response.StatusCode = obstacle is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(obstacle is null ? "ok\n" : $"not ready: {obstacle}\n", context.RequestAborted);
    }
}
