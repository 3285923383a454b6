using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>A database of PostgreSQL that has Orleans' tables.</summary>
internal sealed class PostgreSqlDatabase(IResourceWithConnectionString database) : ClusterStorage
{
    private static readonly string[] SiloProviders = ["Orleans:Clustering", "Orleans:GrainStorage:Kad", "Orleans:Reminders"];

    public override IReadOnlyList<IResource> Needs => [database];

    public override ValueTask AddServerSettingsAsync(ProcessSettings settings, ClusterMember member, CancellationToken cancellationToken)
    {
        settings["Kad:Storage"] = "AdoNet";
        settings["Kad:PostgreSql:ConnectionString"] = database.ConnectionStringExpression;
        return ValueTask.CompletedTask;
    }

    public override ValueTask AddClientSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken) =>
        AddProviders(settings, SiloProviders[0]);

    public override ValueTask AddSiloSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken) =>
        AddProviders(settings, SiloProviders);

    private ValueTask AddProviders(ProcessSettings settings, params ReadOnlySpan<string> providers)
    {
        foreach (var provider in providers)
        {
            settings[$"{provider}:ProviderType"] = "AdoNet";
            settings[$"{provider}:Invariant"] = "Npgsql";
            settings[$"{provider}:ConnectionString"] = database.ConnectionStringExpression;
        }

        return ValueTask.CompletedTask;
    }
}
