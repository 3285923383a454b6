using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>An SQLite file in the cluster's folder. One silo has it, whose gateway everybody else is told.</summary>
internal sealed class SqliteFolder(KadClusterResource cluster) : ClusterStorage
{
    public override bool IsShared => false;

    private ClusterMember Silo => cluster.Members.Single(member => member.IsSilo);

    public override void AddClientSettings(ProcessSettings settings)
    {
        settings[$"{Clustering}:ProviderType"] = "Static";
        settings[$"{Clustering}:Gateways:0"] = ClusterMember.AddressOf(Silo.Gateway);
    }

    public override void AddSiloSettings(ProcessSettings settings)
    {
        settings[$"{Clustering}:ProviderType"] = "Development";
        settings[$"{State}:ProviderType"] = "Sqlite";
        settings["Kad:Data"] = settings[$"{State}:Folder"] = cluster.Folder;
        settings[$"{Reminders}:ProviderType"] = "Memory";
        settings["Kad:Silo:GatewayPort"] = settings["Orleans:Endpoints:GatewayPort"] = Silo.Gateway.Property(EndpointProperty.TargetPort);
    }
}
