using Microsoft.Extensions.Configuration;

namespace KadOrleans.Hosting.Settings;

/// <summary>The names of all settings below <c>Kad</c>, for silos and edges: one file may have the settings of both.</summary>
internal static class KadSettings
{
    /// <summary>Stands for the number of a list's entry.</summary>
    private const string Entry = "#";

    /// <summary>The names without <c>Kad:</c>. A name that ends in <c>:#</c> is that of a list's entries.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "Storage", "Data", "Http", "Http:Hosts", "Http:Tokens", "Http:Connections", "Verbose",
        "Silo:Address", "Silo:Port", "Silo:GatewayPort",
        "Dashboard:User", "Dashboard:Password",
        "Telemetry:Endpoint",
        "PostgreSql:ConnectionString",
        "Azure:ConnectionString", "Azure:BlobServiceUri", "Azure:TableServiceUri", "Azure:GrainStorage",
        "Edge:Enabled", "Edge:Name", "Edge:NodeIds", "Edge:Listen", "Edge:Listen:#", "Edge:Bootstrap", "Edge:Bootstrap:#",
        "Edge:Trust", "Edge:Trust:#", "Edge:UploadPerEndpoint", "Edge:Upload", "Edge:MaxStaleness", "Edge:MaxOutageStaleness",
        "Tls:Certificate", "Tls:Key", "Tls:Authority", "Tls:Name",
        "Tls:Store:Location", "Tls:Store:Name", "Tls:Store:Subject", "Tls:Store:Thumbprint",
        "Cluster:ShardBits", "Cluster:StateVersion", "Cluster:SaveDelay", "Cluster:SaveInterval", "Cluster:CrawlInterval", "Cluster:CrawlRate", "Cluster:CrawlMaxNodes", "Cluster:StorageTimeout",
        "Cluster:Cache", "Cluster:Gateway",
        "Cluster:EdgeTimeout", "Cluster:EdgeKey", "Cluster:Trust:#",
        "Cluster:Quota:TotalKeys", "Cluster:Quota:TotalBytes", "Cluster:Quota:KeysPerSource", "Cluster:Quota:BytesPerSource",
        "Cluster:Quota:KeysPerSubnet", "Cluster:Quota:BytesPerSubnet", "Cluster:Quota:ReservePercent",
        "Cluster:Quota:ChangesPerSource", "Cluster:Quota:ChangesPerSubnet",
        "Cluster:Kademlia:BucketSize", "Cluster:Kademlia:LookupConcurrency", "Cluster:Kademlia:DisjointPaths",
        "Cluster:Kademlia:SplitDepth", "Cluster:Kademlia:ReplacementCacheSize", "Cluster:Kademlia:FailuresBeforeDrop",
        "Cluster:Kademlia:ValueTimeToLive", "Cluster:Kademlia:BucketRefreshInterval", "Cluster:Kademlia:RepublishInterval",
        "Cluster:Kademlia:PublishInterval",
        "Cluster:Subnets:PerBucket", "Cluster:Subnets:PerTable",
    ];

    /// <summary>Refuses unknown settings, so that a typing mistake is not taken for a default.</summary>
    /// <param name="configuration">With the section <c>Kad</c>.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// There are unknown settings. One sentence for each.
    /// </exception>
    public static void RefuseUnknown(IConfiguration configuration)
    {
        var section = new KadSection(configuration);
        foreach (var (name, value) in configuration.GetSection(KadSection.Root).AsEnumerable(makePathsRelative: true))
        {
            if (name.Length > 0 && value is not null && !Names.Any(known => Matches(name, known)))
            {
                section.Add($"{section.Name(name)} is not a setting; {string.Join(", ", Beside(name).Select(section.Name))} are.");
            }
        }

        section.ThrowIfWrong();
    }

    // The known settings of the same section, or the known sections.
    private static List<string> Beside(string name)
    {
        var section = name[..(name.LastIndexOf(':') + 1)];
        var here = Names.Where(known => known.StartsWith(section, StringComparison.OrdinalIgnoreCase)).ToList();
        return section.Length > 0 && here.Count > 0
            ? here
            : [.. Names.Select(known => known.Split(':') is [var top, _, ..] ? $"{top}:*" : known).Distinct()];
    }

    private static bool Matches(string name, string known) => known.EndsWith(Entry, StringComparison.Ordinal)
        ? name.StartsWith(known[..^1], StringComparison.OrdinalIgnoreCase) && name[(known.Length - 1)..].All(char.IsAsciiDigit)
        : name.Equals(known, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The host's configuration for appsettings files.</summary>
internal static class SettingsFiles
{
    /// <summary>
    /// Settings of the host that turn off the watch of its files. No setting takes effect after the start. A watch covers all folders below
    /// the working one, so it would report a silo's own writes there.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> Unwatched { get; } =
        [new KeyValuePair<string, string?>("hostBuilder:reloadConfigOnChange", bool.FalseString)];
}
