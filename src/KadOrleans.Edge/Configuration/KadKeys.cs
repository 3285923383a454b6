using KadOrleans.Grains.Abstractions.Access;

namespace KadOrleans.Edge.Configuration;

/// <summary>The settings under <c>Kad</c> that an edge reads.</summary>
internal static class KadKeys
{
    private static readonly string[] Known =
    [
        HttpAddress.Setting,
        HttpAddress.HostsSetting,
        ClusterConnection.StorageSetting,
        ClusterConnection.GatewaySetting,
        EdgeKey.Setting,
        ClusterConnection.PostgreSqlSetting,
        AzureClustering.ConnectionStringSetting,
        AzureClustering.TableServiceUriSetting,
        "Kad:Telemetry:Endpoint",
    ];

    // Their own readers know the settings in them.
    private static readonly string[] Sections = ["Kad:Edge:", "Kad:Tls:"];

    /// <summary>Refuses settings that nobody reads: a typing mistake must not pass for a default.</summary>
    /// <exception cref="ConfigurationException">There are some.</exception>
    public static void RefuseUnknown(IConfiguration configuration)
    {
        var unknown = configuration.GetSection("Kad").AsEnumerable()
            .Where(s => s.Value is not null
                && !Sections.Any(section => s.Key.StartsWith(section, StringComparison.OrdinalIgnoreCase))
                && !Known.Contains(s.Key, StringComparer.OrdinalIgnoreCase))
            .Select(s => $"{s.Key} is not a setting of an edge; {string.Join(", ", Known)} and those under Kad:Edge and Kad:Tls are.")
            .ToList();
        if (unknown.Count > 0)
        {
            throw new ConfigurationException(string.Join(Environment.NewLine, unknown));
        }
    }
}
