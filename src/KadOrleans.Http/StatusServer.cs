using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting;

namespace KadOrleans.Http;

/// <summary>
/// Where a process serves HTTP, to whom, and the names of the settings of that. Port 0 is any free one. With a certificate it is HTTPS.
/// </summary>
internal sealed record HttpPlace(
    IPEndPoint Address,
    HostNames Hosts,
    string Setting,
    string HostsSetting,
    int Connections = HttpLimits.MaxConnections,
    HttpCertificateOptions? Certificate = null)
{
    /// <summary>The addresses or ranges of proxies, which bring the requests of many.</summary>
    public IReadOnlyList<string> Proxies { get; init; } = [];
}

/// <summary>Serves a process's health and status, and what its owner adds.</summary>
internal sealed class StatusServer(WebApplication application) : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The address that it is served on, with the real port.</summary>
    public IPEndPoint Address { get; } = AddressOf(new Uri(application.Urls.First()));

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
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenWithin(place));
        BoundedListening.AddTo(builder.Services);
        builder.Services.AddRoutingCore().AddSingleton(loggers).AddHealthChecks().AddCheck(Health.Ready, () => health().ToResult());
        services?.Invoke(builder.Services);
        var application = builder.Build();
        application.UseKadHttp(place);
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

    // The port is left out of the text of an address where it is that of its scheme.
    private static IPEndPoint AddressOf(Uri url) => new(IPAddress.Parse(url.Host), url.Port);

    /// <summary>Stops within a second: open connections do not delay the process's end.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await application.StopAsync(timeout.Token);
        }
        finally
        {
            await application.DisposeAsync();
        }
    }
}
