using KadOrleans.EdgeWorker.Edges;
using KadOrleans.EdgeWorker.Hosting;
using KadOrleans.Silo.Configuration;
using KadOrleans.Transport.Udp;

namespace KadOrleans.Silo.Hosting;

/// <summary>The edge in the silo's own process; it calls grains as any code in a silo does, without an Orleans client.</summary>
internal static class CohostedEdge
{
    private const string Section = "Kad:Edge";

    /// <summary>Adds the edge if there is to be one. Its settings are checked either way.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Its settings are wrong.</exception>
    public static void Add(IServiceCollection services, IConfiguration configuration, SiloSettings settings, Announcer announcer)
    {
        var section = OwnSettings(configuration);
        if (!settings.EdgeEnabled)
        {
            // A mistyped Kad:Edge:Enabled is among the settings that this finds.
            EdgeOptionsReader.Read(section);
            return;
        }

        services.AddKadEdge(
            section,
            endpoint => UdpTransport.Bind(new UdpTransportOptions { Listen = [endpoint] }),
            announcer.Write);
    }

    // Whether there is an edge is the silo's question, and no setting of an edge.
    private static IConfigurationSection OwnSettings(IConfiguration configuration) => new ConfigurationBuilder()
        .AddInMemoryCollection(configuration.GetSection(Section).AsEnumerable()
            .Where(setting => !setting.Key.Equals($"{Section}:Enabled", StringComparison.OrdinalIgnoreCase)))
        .Build()
        .GetSection(Section);
}
