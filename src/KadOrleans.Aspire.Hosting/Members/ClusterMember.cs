using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>A process of a cluster: a silo, an edge, or both.</summary>
internal sealed class ClusterMember(KadClusterResource cluster, IResourceWithEndpoints resource)
{
    public const string HttpEndpoint = "http";
    public const string UdpEndpoint = "udp";
    public const string GatewayEndpoint = "gateway";

    private const string Loopback = "127.0.0.1";

    public IResourceWithEndpoints Resource { get; } = resource;

    public bool IsSilo { get; set; }

    public bool IsEdge { get; set; }

    public EndpointReference Gateway => Resource.GetEndpoint(GatewayEndpoint);

    private EndpointReference Udp => Resource.GetEndpoint(UdpEndpoint);

    /// <summary>IP:PORT at which a process listens for this machine.</summary>
    public static ReferenceExpression AddressOf(EndpointReference endpoint) =>
        ReferenceExpression.Create($"{HostOf(endpoint)}:{endpoint.Property(EndpointProperty.TargetPort)}");

    /// <summary>Sets what makes the process this member of its cluster.</summary>
    public async Task AddSettingsAsync(EnvironmentCallbackContext context)
    {
        var settings = new ProcessSettings(context.EnvironmentVariables, cluster.Name);
        settings.AddNames();
        if (IsEdge)
        {
            settings["Kad:Edge:Name"] = Resource.Name;
            settings["Kad:Edge:Listen"] = AddressOf(Udp);
            if (cluster.Members.First(member => member.IsEdge) is var first && first != this)
            {
                settings["Kad:Edge:Bootstrap"] = AddressOf(first.Udp);
            }
        }

        settings["Kad:Role"] = IsSilo && IsEdge ? "SiloAndEdge" : IsSilo ? "Silo" : "Edge";
        settings["Kad:Http"] = AddressOf(Resource.GetEndpoint(HttpEndpoint));
        settings["Kad:Http:Tokens"] = await OperatorTokenFile.WriteAsync(cluster, context.CancellationToken);
        AddOrleansSettings(settings);
        foreach (var (name, value) in cluster.Settings)
        {
            settings[name] = value;
        }
    }

    private void AddOrleansSettings(ProcessSettings settings)
    {
        if (!IsSilo)
        {
            cluster.Storage.AddClientSettings(settings);
            return;
        }

        // A program of one's own may have Orleans' settings alone.
        settings["Kad:Silo:Address"] = settings["Orleans:Endpoints:AdvertisedIPAddress"] = Loopback;
        settings["Kad:Silo:Port"] = settings["Kad:Silo:GatewayPort"] = "0";
        cluster.Storage.AddSiloSettings(settings);
    }

    private static string HostOf(EndpointReference endpoint) =>
        endpoint.EndpointAnnotation.TargetHost is "localhost" or "" ? Loopback : endpoint.EndpointAnnotation.TargetHost;
}
