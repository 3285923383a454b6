using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace KadOrleans.Grains;

/// <summary>
/// Refuses ports that another process listens on. Orleans sets the option to share ports. So a silo could start at the address of
/// a live one, and the cluster would declare the live one dead.
/// </summary>
internal sealed class PortCheck(IServiceProvider services) : IConfigurationValidator, IDisposable
{
    private const string TestingAssembly = "Orleans.TestingHost";

    private readonly PortClaim _claim = new();
    private bool _hasRun;

    /// <summary>Does it once. The ports are claimed until the host has stopped or is disposed.</summary>
    /// <exception cref="OptionsValidationException">A port cannot be listened on. One sentence.</exception>
    /// <exception cref="SocketException">A port is in use that the program chose.</exception>
    public void ValidateConfiguration()
    {
        if (_hasRun || IsInMemory())
        {
            return;
        }

        _hasRun = true;
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopped.Register(_claim.Dispose);
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        var settings = services.GetService<PortSettings>() ?? new PortSettings();
        if (FindSilo(endpoints) is { } silo)
        {
            Check(settings, settings.Silo, silo);
        }

        if (Gateway.Find(endpoints) is { } gateway)
        {
            Check(settings, settings.Gateway, gateway);
        }
    }

    public void Dispose() => _claim.Dispose();

    /// <summary>Where the silo listens to others. Null if it has no address yet.</summary>
    public static IPEndPoint? FindSilo(EndpointOptions endpoints) => endpoints.SiloListeningEndpoint
        ?? (endpoints.AdvertisedIPAddress is null ? null : new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.SiloPort));

    // Silos of a test cluster in one process have numbers of ports, and open none.
    private bool IsInMemory() => services.GetKeyedServices<IConnectionListenerFactory>(KeyedService.AnyKey)
        .Any(static factory => factory.GetType().Assembly.GetName().Name == TestingAssembly);

    private void Check(PortSettings settings, PortSetting setting, IPEndPoint endpoint)
    {
        if (!_claim.TryTake(endpoint))
        {
            throw Taken(settings, setting, endpoint);
        }

        // Without Orleans' option to share the port.
        using var listener = new TcpListener(endpoint);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Taken(settings, setting, endpoint),
                SocketError.AddressNotAvailable => Mistake(
                    $"{settings.Address} is {endpoint.Address}, which is no address of this machine; one of its addresses is needed."),
                _ => Mistake(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{setting.Name} is {endpoint.Port}, and {endpoint} cannot be listened on: {e.Message.TrimEnd('.')}; a port that this user may open is needed.")),
            };
        }
    }

    // A port that was chosen here is nobody's mistake: it was free a moment ago, and others may do.
    private static Exception Taken(PortSettings settings, PortSetting setting, IPEndPoint endpoint) => setting.IsChosen
        ? new SocketException((int)SocketError.AddressAlreadyInUse)
        : Mistake(string.Create(
            CultureInfo.InvariantCulture,
            $"{setting.Name} is {endpoint.Port}, and another process or silo listens on {endpoint}; {settings.Allowed}."));

    private static OptionsValidationException Mistake(string sentence) => new(Options.DefaultName, typeof(EndpointOptions), [sentence]);
}
