using System.Net;
using System.Net.Sockets;
using KadOrleans.Hosting.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting.Http;

/// <summary>Where a process serves HTTP, and the settings that say so.</summary>
/// <param name="Address">Where; port 0 is any free one.</param>
/// <param name="Hosts">The names that it is asked under.</param>
/// <param name="Setting">The setting of the address.</param>
/// <param name="HostsSetting">The setting of the names.</param>
internal sealed record HttpPlace(IPEndPoint Address, HostNames Hosts, string Setting, string HostsSetting);

/// <summary>Serves health and status of a process. Nothing that it serves changes anything.</summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;

    private StatusServer(WebApplication application)
    {
        (_application, Address) = (application, IPEndPoint.Parse(new Uri(application.Urls.First()).Authority));
    }

    /// <summary>Where it is served, with the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Binds and begins to serve.</summary>
    /// <param name="place">Where.</param>
    /// <param name="health">What <c>/health/ready</c> says. Called from any thread; never waits.</param>
    /// <param name="map">Adds pages beside those of health.</param>
    /// <param name="loggers">Where failures are logged.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="OptionsValidationException">The address is taken, or not of this machine.</exception>
    public static async Task<StatusServer> StartAsync(
        HttpPlace place, Func<Health> health, Action<IEndpointRouteBuilder> map, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenWithin(place.Address));
        builder.Services.AddRoutingCore().AddSingleton(loggers).AddHealth(_ => health());
        var application = builder.Build();
        application.UseHostCheck(place.Hosts, place.HostsSetting);
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
            throw KadSection.Mistake($"{place.Setting}: cannot listen on {place.Address} ({reason}).");
        }

        return new StatusServer(application);
    }

    /// <summary>Stops within a second: whoever holds a connection open does not hold the process up.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(StopTimeout);
        await _application.StopAsync(timeout.Token);
        await _application.DisposeAsync();
    }
}
