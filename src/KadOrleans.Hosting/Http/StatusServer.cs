using System.Net;
using System.Net.Sockets;
using KadOrleans.Hosting.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Hosting.Http;

/// <summary>Where a process serves HTTP, to whom, and the names of the settings of that. Port 0 is any free one.</summary>
internal sealed record HttpPlace(
    IPEndPoint Address, HostNames Hosts, string Setting, string HostsSetting, int Connections = HttpLimits.MaxConnections);

/// <summary>Serves a process's health and status, and what its owner adds.</summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;

    private StatusServer(WebApplication application)
    {
        (_application, Address) = (application, IPEndPoint.Parse(new Uri(application.Urls.First()).Authority));
    }

    /// <summary>The address that it is served on, with the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>
    /// Binds the address and starts to serve. The health is asked for from any thread, and must not block. The pages are added to its own.
    /// </summary>
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
            var reason = (e as SocketException ?? e.InnerException?.InnerException ?? e.InnerException ?? e).Message.TrimEnd('.');
            throw KadSettings.Mistake($"{place.Setting}: cannot listen on {place.Address} ({reason}).");
        }

        return new StatusServer(application);
    }

    /// <summary>Stops within a second: open connections do not delay the process's end.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(StopTimeout);
        await _application.StopAsync(timeout.Token);
        await _application.DisposeAsync();
    }
}
