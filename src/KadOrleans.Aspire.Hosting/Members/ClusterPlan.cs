using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>What an app host says of a cluster, made whole before anything starts.</summary>
internal static class ClusterPlan
{
    /// <exception cref="DistributedApplicationException">It is not a cluster. One sentence.</exception>
    public static void Complete(IResourceBuilder<KadClusterResource> builder)
    {
        var cluster = builder.Resource;
        if (FindProblem(cluster) is { } problem)
        {
            throw new DistributedApplicationException($"The cluster '{cluster.Name}' {problem}.");
        }

        Directory.CreateDirectory(cluster.Folder);
        foreach (var process in cluster.Members.Select(member => member.Resource).OfType<ExecutableResource>())
        {
            // Settings files of others, as the app host's own, are not those of its processes.
            builder.ApplicationBuilder.CreateResourceBuilder(process).WithWorkingDirectory(cluster.Folder);
        }

        if (!cluster.Storage.IsShared)
        {
            CompleteSingle(builder.ApplicationBuilder, cluster);
        }

        foreach (var process in cluster.Members.Select(member => member.Resource).OfType<IResourceWithWaitSupport>())
        {
            foreach (var need in cluster.Storage.Needs)
            {
                builder.ApplicationBuilder.CreateResourceBuilder(process).WaitFor(builder.ApplicationBuilder.CreateResourceBuilder(need));
            }
        }
    }

    private static string? FindProblem(KadClusterResource cluster) => (cluster.Silos.Count, cluster.Edges.Count, cluster.Storage.IsShared) switch
    {
        (0, _, _) => "has no silo; AddKadCluster with one or more, or WithSilo is needed",
        ( > 1, _, false) =>
            $"has {cluster.Silos.Count} silos on SQLite, which one process has; WithPostgreSql or WithAzureStorage is needed, or one silo",
        (_, 0, true) => "has no edge; WithEdge is needed, once or more",
        _ => null,
    };

    // Others find the only silo by its gateway. It is the edge too, if there is none.
    private static void CompleteSingle(IDistributedApplicationBuilder builder, KadClusterResource cluster)
    {
        var silo = cluster.Members.Single(member => member.IsSilo);
        var process = builder.CreateResourceBuilder(silo.Resource);
        process.WithEndpoint(name: ClusterMember.GatewayEndpoint, scheme: "tcp", isProxied: false);
        if (cluster.Edges.Count == 0)
        {
            silo.IsEdge = true;
            process.WithUdp(null);
        }
    }
}
