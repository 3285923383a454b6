using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Refuses ports that other machines reach and that have no key, and warns of those of this machine.</summary>
internal static class KeyCheck
{
    public static void Run(IServiceProvider services)
    {
        // The options are read in any case: a mistake in them is found before anything is opened.
        var keys = services.GetRequiredService<ClusterKeys>();
        if (keys is { Gateway.Count: > 0, Silo.Count: > 0 })
        {
            return;
        }

        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        var (missing, name, port) = keys.Gateway.Count == 0
            ? (KeySettings.Gateway, "the gateway", Gateway.Find(endpoints))
            : (KeySettings.Silo, "the port for silos", PortCheck.FindSilo(endpoints));
        if (Gateway.IsOpenToOthers(endpoints))
        {
            throw KadSettings.Mistake(
                $"{missing} is missing, and other machines reach {name} at {port}; {ClusterKey.Needed}, or a file that has them by {missing}File.");
        }

        SiloLog.NoKey(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(KeyCheck)), missing, port);
    }
}
