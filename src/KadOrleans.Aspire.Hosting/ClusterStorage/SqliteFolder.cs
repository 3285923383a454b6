using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>An SQLite file in the cluster's folder. One silo has it, whose gateway everybody else is told.</summary>
internal sealed class SqliteFolder(KadClusterResource cluster) : ClusterStorage
{
    public override bool IsShared => false;

    private ClusterMember Silo => cluster.Members.Single(member => member.IsSilo);

    public override ValueTask AddServerSettingsAsync(ProcessSettings settings, ClusterMember member, CancellationToken cancellationToken)
    {
        settings["Kad:Storage"] = "Local";
        if (member.IsSilo)
        {
            settings["Kad:Data"] = cluster.Folder;
            settings["Kad:Silo:GatewayPort"] = member.Gateway.Property(EndpointProperty.TargetPort);
        }
        else
        {
            settings["Kad:Cluster:Gateway"] = ClusterMember.AddressOf(Silo.Gateway);
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask AddClientSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken)
    {
        settings["Orleans:Clustering:ProviderType"] = "Static";
        settings["Orleans:Clustering:Gateways:0"] = ClusterMember.AddressOf(Silo.Gateway);
        return ValueTask.CompletedTask;
    }

    public override ValueTask AddSiloSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken)
    {
        settings["Orleans:Clustering:ProviderType"] = "Development";
        settings["Orleans:GrainStorage:Kad:ProviderType"] = "Sqlite";
        settings["Orleans:GrainStorage:Kad:Folder"] = cluster.Folder;
        settings["Orleans:Reminders:ProviderType"] = "Memory";
        settings["Orleans:Endpoints:GatewayPort"] = Silo.Gateway.Property(EndpointProperty.TargetPort);
        return ValueTask.CompletedTask;
    }
}
