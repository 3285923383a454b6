using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Refuses ports that other machines reach and that have no key, and warns of those of this machine.</summary>
internal static class KeyCheck
{
    public static void Run(IServiceProvider services)
    {
        // The options are read in any case: a mistake in them is found before anything is opened.
        var keys = services.GetRequiredService<ClusterKeys>();
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        if (OpenPort.Find(keys, endpoints) is not { } open)
        {
            return;
        }

        if (Gateway.IsOpenToOthers(endpoints))
        {
            throw KadSettings.Mistake(
                $"{open.Setting} is missing, and other machines reach {open.Name} at {open.EndPoint}; {ClusterKey.Needed}, or a file that has them by {open.Setting}File.");
        }

        // Of a port beside one that has a key the grains warn, in each host.
        if (keys is { Gateway.Count: 0, Silo.Count: 0 })
        {
            open.Warn(services.GetRequiredService<ILoggerFactory>().CreateLogger<OpenPort>());
        }
    }
}
