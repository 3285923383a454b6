using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>Tables and blobs of an Azure Storage account, or of its emulator.</summary>
internal sealed class AzureStorageAccount(IResourceWithConnectionString tables, IResourceWithConnectionString? blobs) : ClusterStorage
{
    public override IReadOnlyList<IResource> Needs => blobs is null ? [tables] : [tables, blobs];

    public override async ValueTask AddServerSettingsAsync(ProcessSettings settings, ClusterMember member, CancellationToken cancellationToken)
    {
        settings["Kad:Storage"] = "AzureStorage";
        settings["Kad:Azure:GrainStorage"] = blobs is null ? "Tables" : "Blobs";
        var table = await ReadAsync(tables, cancellationToken);
        var blob = blobs is null ? null : await ReadAsync(blobs, cancellationToken);
        if (IsAddress(table) && (blob is null || IsAddress(blob)))
        {
            settings["Kad:Azure:TableServiceUri"] = table;
            if (blob is not null && member.IsSilo)
            {
                settings["Kad:Azure:BlobServiceUri"] = blob;
            }
        }
        else if (blob is null || !(IsAddress(table) || IsAddress(blob)))
        {
            settings["Kad:Azure:ConnectionString"] = Join(table, blob ?? string.Empty);
        }
        else
        {
            throw new DistributedApplicationException(
                $"'{tables.Name}' and '{blobs!.Name}' are an address and a connection string; two of one kind, of the same account, are needed.");
        }
    }

    public override async ValueTask AddClientSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken) =>
        AddProvider(settings, "Orleans:Clustering", "AzureTableStorage", await ReadAsync(tables, cancellationToken));

    public override async ValueTask AddSiloSettingsAsync(ProcessSettings settings, CancellationToken cancellationToken)
    {
        var table = await ReadAsync(tables, cancellationToken);
        AddProvider(settings, "Orleans:Clustering", "AzureTableStorage", table);
        AddProvider(settings, "Orleans:Reminders", "AzureTableStorage", table);
        if (blobs is null)
        {
            AddProvider(settings, "Orleans:GrainStorage:Kad", "AzureTableStorage", table);
            return;
        }

        AddProvider(settings, "Orleans:GrainStorage:Kad", "AzureBlobStorage", await ReadAsync(blobs, cancellationToken));

        // As kad-server names it: the blobs do not have the service's id.
        settings["Orleans:GrainStorage:Kad:ContainerName"] = settings.ServiceId.ToLowerInvariant();
    }

    /// <summary>The parts NAME=VALUE of both. Each resource of an emulator names its own service alone.</summary>
    internal static string Join(string tables, string blobs) => string.Join(
        ';',
        $"{tables};{blobs}".Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .DistinctBy(part => part.Split('=')[0], StringComparer.OrdinalIgnoreCase));

    private static void AddProvider(ProcessSettings settings, string provider, string type, string connection)
    {
        settings[$"{provider}:ProviderType"] = type;
        settings[$"{provider}:ConnectionString"] = connection;
    }

    private static bool IsAddress(string connection) => connection.StartsWith("http", StringComparison.OrdinalIgnoreCase);

    private static async ValueTask<string> ReadAsync(IResourceWithConnectionString resource, CancellationToken cancellationToken) =>
        await resource.GetConnectionStringAsync(cancellationToken) is { Length: > 0 } value
            ? value
            : throw new DistributedApplicationException($"'{resource.Name}' has no connection string; that of an Azure Storage account is needed.");
}
