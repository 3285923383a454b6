using System.Net;
using Orleans.Configuration;

namespace KadOrleans.Grains;

/// <summary>A port of a silo that has no key, and lets everybody in.</summary>
/// <param name="Setting">The setting of the key.</param>
/// <param name="Name">The port for a person.</param>
/// <param name="EndPoint">Where it is. Null if the silo has none.</param>
internal sealed record OpenPort(string Setting, string Name, IPEndPoint? EndPoint)
{
    /// <summary>The port without a key, and the gateway if neither has one. Null if both have.</summary>
    public static OpenPort? Find(ClusterKeys keys, EndpointOptions endpoints) =>
        keys.Gateway.Count == 0 ? new OpenPort(KeySettings.Gateway, "the gateway", Gateway.Find(endpoints))
        : keys.Silo.Count == 0 ? new OpenPort(KeySettings.Silo, "the port for silos", PortCheck.FindSilo(endpoints))
        : null;

    /// <summary>Warns of who may use it.</summary>
    public void Warn(ILogger logger)
    {
        if (EndPoint is not null)
        {
            logger.PortOpen(Setting, IPAddress.IsLoopback(EndPoint.Address) ? "runs a program on this machine" : "reaches it", Name, EndPoint);
        }
    }
}

/// <summary>
/// Warns, when a silo starts, of the port without a key if the other one has a key: somebody meant to close both. A silo without any lets
/// everybody in, as its documents say.
/// </summary>
internal sealed class OpenPortWarning(ClusterKeys keys, IOptions<EndpointOptions> endpoints, ILogger<OpenPort> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(OpenPortWarning),
        ServiceLifecycleStage.First,
        _ =>
        {
            if (keys.Gateway.Count + keys.Silo.Count > 0)
            {
                OpenPort.Find(keys, endpoints.Value)?.Warn(logger);
            }

            return Task.CompletedTask;
        });
}
