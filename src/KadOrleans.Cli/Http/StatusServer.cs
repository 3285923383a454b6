using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Commands;
using KadOrleans.Hosting.Http;
using KadOrleans.Node;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Http;

/// <summary>
/// Serves /health/live (200 while the process answers), /health/ready (what <see cref="Readiness"/> says) and /status. Nothing here changes anything.
/// </summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ITimer _sampling;

    private StatusServer(WebApplication application, ITimer sampling, IPEndPoint address)
    {
        (_application, _sampling, Address) = (application, sampling, address);
    }

    /// <summary>Where it is served, with the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Binds and begins to serve.</summary>
    /// <param name="address">Where; port 0 is any free one.</param>
    /// <param name="hosts">The names that it is asked under.</param>
    /// <param name="node">A started node.</param>
    /// <param name="isFirst">Whether the node is ready without contacts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where failures go.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="CommandException">The address is taken, or not of this machine.</exception>
    public static async Task<StatusServer> StartAsync(
        IPEndPoint address,
        HostNames hosts,
        KadNode node,
        bool isFirst,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenWithin(address));
        builder.Services.AddRoutingCore().AddSingleton(loggers);
        var application = builder.Build();
        var rates = new RateMeter(time);
        application.UseHostCheck(hosts, NodeOptions.HttpHost);
        Map(application, node, isFirst, time, rates);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await application.DisposeAsync();
            var reason = (e as SocketException ?? e.InnerException?.InnerException ?? e.InnerException ?? e).Message.TrimEnd('.');
            throw CommandException.WrongUsage($"--http: cannot listen on {address} ({reason}).", e);
        }

        var sampling = time.CreateTimer(_ => rates.Add(node.Engine.Counts), null, TimeSpan.Zero, RateMeter.Interval);
        var bound = IPEndPoint.Parse(new Uri(application.Urls.First()).Authority);
        return new StatusServer(application, sampling, bound);
    }

    public async ValueTask DisposeAsync()
    {
        await _sampling.DisposeAsync();

        // Whoever holds a connection open must not hold the node up.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static void Map(WebApplication application, KadNode node, bool isFirst, TimeProvider time, RateMeter rates)
    {
        var startedAt = time.GetUtcNow();
        application.MapGet("/health/live", context => AnswerAsync(context, new Readiness(Readiness.Ok, null)));
        application.MapGet("/health/ready", context => AnswerAsync(context, Readiness.Of(node, isFirst)));
        application.MapGet("/status", async context =>
        {
            var status = await node.DescribeAsync(context.RequestAborted);
            await WriteAsync(context, StatusReport.Create(status, startedAt, time.GetUtcNow(), rates));
        });
    }

    private static Task AnswerAsync(HttpContext context, Readiness readiness)
    {
        context.Response.StatusCode = readiness.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        var body = new JsonObject { ["status"] = readiness.Status };
        if (readiness.Reason is not null)
        {
            body["reason"] = readiness.Reason;
        }

        return WriteAsync(context, body);
    }

    private static Task WriteAsync(HttpContext context, JsonObject body)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(body.ToJsonString());
    }
}
