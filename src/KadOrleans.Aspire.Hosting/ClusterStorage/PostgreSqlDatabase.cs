using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>A database of PostgreSQL that has Orleans' tables.</summary>
internal sealed class PostgreSqlDatabase(IResourceWithConnectionString database) : ClusterStorage
{
    public override IReadOnlyList<IResource> Needs => [database];

    public override void AddClientSettings(ProcessSettings settings) => AddProviders(settings, Clustering);

    public override void AddSiloSettings(ProcessSettings settings) => AddProviders(settings, Clustering, State, Reminders);

    private void AddProviders(ProcessSettings settings, params ReadOnlySpan<string> providers)
    {
        foreach (var provider in providers)
        {
            settings[$"{provider}:ProviderType"] = "AdoNet";
            settings[$"{provider}:Invariant"] = "Npgsql";
            settings[$"{provider}:ConnectionString"] = database.ConnectionStringExpression;
        }
    }
}
