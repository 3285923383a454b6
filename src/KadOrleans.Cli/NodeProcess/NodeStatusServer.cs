using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli;

/// <summary>Serves a node's health, its status at /status, and API and console to those who have a token.</summary>
internal sealed class NodeStatusServer(StatusServer server, ITimer sampling) : IAsyncDisposable
{
    public IPEndPoint Address => server.Address;

    /// <summary>
    /// Binds and begins to serve a started node. The storage is named by the console. API and console are served if the former is added.
    /// </summary>
    public static async Task<NodeStatusServer> StartAsync(
        HttpPlace place,
        KadNode node,
        string storage,
        Action<IServiceCollection>? addApi,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var rates = new RateMeter(time);
        var startedAt = time.GetUtcNow();
        var server = await StatusServer.StartAsync(
            place,
            () => HealthOf(node),
            pages =>
            {
                pages.MapGet("/status", async context =>
                {
                    var status = await node.DescribeAsync(context.RequestAborted);
                    await context.WriteJsonAsync(NodeStatusReport.Create(status, startedAt, time.GetUtcNow(), rates));
                });
                if (addApi is not null)
                {
                    pages.MapDhtApi();
                    pages.MapKadConsole();
                }
            },
            services =>
            {
                if (addApi is not null)
                {
                    addApi(services.AddSingleton<IDht>(node).AddSingleton(node.Admin).AddKadConsole(new ConsoleSubject(IsCluster: false, storage)));
                }
            },
            loggers,
            cancellationToken);
        return new NodeStatusServer(
            server, time.CreateTimer(_ => rates.Add(node.Engine.Counts), null, TimeSpan.Zero, RateMeter.Interval));
    }

    // Whether a node is ready: it can store and send, and a contact answers it or it may be its network's first. One that
    // cannot store still serves what it holds.
    public static Health HealthOf(KadNode node) => node switch
    {
        { StorageProblem: { } problem } => new Health("storageFails", problem, RefusesWrites: true),
        _ when LocalAddress.FindProblem(node.LocalEndpoints) is { } problem => new Health("cannotSend", problem),
        _ when node.Engine.HasGoodContact || node.Engine.MayBeFirst => new Health(Health.Ready),
        { RoutingTable.Count: > 0 } => new Health("noContactAnswers"),
        _ => new Health("noContacts"),
    };

    public async ValueTask DisposeAsync()
    {
        var stop = new StopSteps();
        await stop.DisposeAsync(sampling);
        await stop.DisposeAsync(server);
        stop.ThrowIfFailed();
    }
}
