namespace KadOrleans.Aspire.Hosting;

/// <summary>Settings of a process, which are its environment variables. A later one of the same name replaces the earlier.</summary>
internal sealed class ProcessSettings(Dictionary<string, object> environment, string serviceId)
{
    // What differs by process, or ties it to its cluster. The app host gives each its own.
    private static readonly string[] Own =
    [
        "Kad:Role", "Kad:Storage", "Kad:Data", "Kad:Http", "Kad:Silo:Address", "Kad:Silo:Port", "Kad:Silo:GatewayPort", "Kad:Edge:Name",
        "Kad:Edge:Listen", "Kad:Cluster:Gateway", "Kad:Cluster:GatewayKey", "Kad:Cluster:GatewayKeyFile", "Kad:Cluster:SiloKey", "Kad:Cluster:SiloKeyFile",
        "Orleans:ClusterId", "Orleans:ServiceId",
    ];

    private static readonly string[] Sections = ["Kad:", "Orleans:", "Logging:"];

    /// <summary>The name of the cluster, and of its stored state.</summary>
    public string ServiceId { get; } = serviceId;

    /// <summary>A setting, such as <c>Kad:Http</c>: a text, or what has its value when the process starts.</summary>
    public object this[string name]
    {
        set => environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
    }

    /// <summary>Adds the names of the cluster and of its stored state, as Orleans has them.</summary>
    public void AddNames() => this["Orleans:ClusterId"] = this["Orleans:ServiceId"] = ServiceId;

    /// <summary>Why a setting of this name cannot be one of all processes, as the end of a sentence. Null if it can.</summary>
    public static string? FindProblem(string name) =>
        Own.Contains(name, StringComparer.OrdinalIgnoreCase) ? "the app host gives each process its own"
        : !Sections.Any(section => name.StartsWith(section, StringComparison.OrdinalIgnoreCase) && name.Length > section.Length)
            ? $"a setting of {string.Join(", ", Sections)} is needed, such as Kad:Cluster:ShardBits"
        : null;
}
