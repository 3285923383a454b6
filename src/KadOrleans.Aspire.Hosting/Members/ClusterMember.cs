using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>A process of a cluster: a silo, an edge, or both.</summary>
internal sealed class ClusterMember(KadClusterResource cluster, IResourceWithEndpoints resource)
{
    public const string HttpEndpoint = "http";
    public const string UdpEndpoint = "udp";
    public const string GatewayEndpoint = "gateway";

    private static readonly string Loopback = $"{IPAddress.Loopback}";

    public IResourceWithEndpoints Resource { get; } = resource;

    public bool IsSilo { get; set; }

    public bool IsEdge { get; set; }

    public EndpointReference Gateway => Resource.GetEndpoint(GatewayEndpoint);

    private EndpointReference Udp => Resource.GetEndpoint(UdpEndpoint);

    /// <summary>IP:PORT where others on this machine reach a process, which may listen for all machines.</summary>
    public static ReferenceExpression AddressOf(EndpointReference endpoint) => At(endpoint, ListenerOf(endpoint) switch
    {
        "0.0.0.0" => Loopback,
        "[::]" => $"[{IPAddress.IPv6Loopback}]",
        var host => host,
    });

    /// <summary>Sets what makes the process this member of its cluster.</summary>
    public async Task AddSettingsAsync(EnvironmentCallbackContext context)
    {
        var settings = new ProcessSettings(context.EnvironmentVariables, cluster.Name);
        settings.AddNames();
        if (IsEdge)
        {
            settings["Kad:Edge:Name"] = Resource.Name;
            settings["Kad:Edge:Listen"] = ListeningAt(Udp);
            if (cluster.Members.First(member => member.IsEdge) is var first && first != this)
            {
                settings["Kad:Edge:Bootstrap"] = AddressOf(first.Udp);
            }
        }

        settings["Kad:Role"] = IsSilo && IsEdge ? "SiloAndEdge" : IsSilo ? "Silo" : "Edge";
        settings["Kad:Http"] = ListeningAt(Resource.GetEndpoint(HttpEndpoint));
        settings["Kad:Http:Tokens"] = await OperatorTokenFile.WriteAsync(cluster, context.CancellationToken);
        ClusterKeyFiles.AddGatewayKey(settings, cluster);
        if (IsSilo)
        {
            ClusterKeyFiles.AddSiloKey(settings, cluster);
        }

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

    // IP:PORT at which a process listens.
    private static ReferenceExpression ListeningAt(EndpointReference endpoint) => At(endpoint, ListenerOf(endpoint));

    private static ReferenceExpression At(EndpointReference endpoint, string host) =>
        ReferenceExpression.Create($"{host}:{endpoint.Property(EndpointProperty.TargetPort)}");

    private static string ListenerOf(EndpointReference endpoint) => endpoint.EndpointAnnotation.TargetHost switch
    {
        "localhost" or "" => Loopback,
        "*" or "+" => $"{IPAddress.Any}",
        var host when IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 => $"[{address}]",
        var host => host,
    };
}
