using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>Makes resources members of a cluster.</summary>
internal static class ClusterMembers
{
    /// <summary>Adds a process of <c>kad-server</c>.</summary>
    /// <exception cref="DistributedApplicationException">There is no <c>kad-server</c>.</exception>
    public static IResourceBuilder<ExecutableResource> AddServer(this IResourceBuilder<KadClusterResource> cluster, string name, bool isSilo)
    {
        var command = ServerCommand.Find(cluster.ApplicationBuilder, cluster.Resource.Server);
        var process = cluster.ApplicationBuilder.AddExecutable(name, command.Command, cluster.Resource.Folder, command.Arguments)
            .WithIconName(isSilo ? "Database" : "Router")
            .WithOtlpExporter()
            .ExcludeFromManifest();
        var member = cluster.Add(process);
        (member.IsSilo, member.IsEdge) = (isSilo, !isSilo);
        process.WithHttpEndpoint(name: ClusterMember.HttpEndpoint).WithHttpHealthCheck("/health/ready", endpointName: ClusterMember.HttpEndpoint)
            .WithUrls(urls => ShowPages(urls, isSilo));
        return process;
    }

    /// <summary>Makes a program of others a member, once.</summary>
    public static ClusterMember Join<T>(this IResourceBuilder<KadClusterResource> cluster, IResourceBuilder<T> program, string? healthPath)
        where T : IResourceWithEnvironment, IResourceWithEndpoints, IResourceWithWaitSupport
    {
        if (cluster.Resource.Members.FirstOrDefault(member => member.Resource.Equals(program.Resource)) is { } known)
        {
            return known;
        }

        if (healthPath is not null)
        {
            if (!program.GetEndpoint(ClusterMember.HttpEndpoint).Exists)
            {
                program.WithHttpEndpoint(name: ClusterMember.HttpEndpoint);
            }

            program.WithHttpHealthCheck(healthPath, endpointName: ClusterMember.HttpEndpoint);
        }

        return cluster.Add(program);
    }

    /// <summary>Adds the endpoint of an edge. Without a proxy: an edge knows its contacts by the addresses that datagrams come from.</summary>
    public static IResourceBuilder<T> WithUdp<T>(this IResourceBuilder<T> process, int? port)
        where T : IResourceWithEndpoints =>
        process.WithEndpoint(
            name: ClusterMember.UdpEndpoint, scheme: "udp", protocol: ProtocolType.Udp, port: port, targetPort: port, isProxied: false);

    private static ClusterMember Add<T>(this IResourceBuilder<KadClusterResource> cluster, IResourceBuilder<T> process)
        where T : IResourceWithEnvironment, IResourceWithEndpoints, IResourceWithWaitSupport
    {
        var member = new ClusterMember(cluster.Resource, process.Resource);
        cluster.Resource.Members.Add(member);
        process.WithParentRelationship(cluster).WithEnvironment(member.AddSettingsAsync);
        return member;
    }

    private static void ShowPages(ResourceUrlsCallbackContext context, bool isSilo)
    {
        if (context.Urls.FirstOrDefault(url => url.Endpoint?.EndpointName == ClusterMember.HttpEndpoint) is not { } http)
        {
            return;
        }

        foreach (var url in context.Urls.Where(url => url.Endpoint?.EndpointName == ClusterMember.GatewayEndpoint))
        {
            url.DisplayLocation = UrlDisplayLocation.DetailsOnly;
        }

        var root = http.Url.TrimEnd('/');
        (http.Url, http.DisplayText) = isSilo ? ($"{root}/console/", "console") : ($"{root}/status", "status");
        if (isSilo)
        {
            context.Urls.Add(new ResourceUrlAnnotation { Url = $"{root}/dashboard", DisplayText = "Orleans dashboard", Endpoint = http.Endpoint });
            context.Urls.Add(new ResourceUrlAnnotation { Url = $"{root}/status", DisplayText = "status", Endpoint = http.Endpoint });
        }
    }
}
