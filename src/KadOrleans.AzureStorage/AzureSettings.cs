using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.AzureStorage;

/// <summary>Where a cluster on Azure Storage keeps its grains' state.</summary>
internal enum AzureGrains
{
    /// <summary>A blob for each record. A write costs some 200 times that of a table.</summary>
    Blobs,

    /// <summary>An entity for each record: at most <see cref="RecordLimit.AzureTable"/> bytes.</summary>
    Tables,
}

/// <summary>The connection to Azure Storage: by a connection string, or by addresses and the process's own identity.</summary>
/// <param name="ConnectionString">Null if the addresses are given.</param>
/// <param name="BlobServiceUri">Null if the connection string is given, or blobs are not needed.</param>
/// <param name="TableServiceUri">Null if the connection string is given.</param>
/// <param name="Grains">Where a silo keeps the grains' state. An edge has none.</param>
internal sealed record AzureSettings(string? ConnectionString, Uri? BlobServiceUri, Uri? TableServiceUri, AzureGrains Grains)
{
    private const string GrainsKey = "Azure:GrainStorage";
    private const string Choice = "AZURE_TOKEN_CREDENTIALS";
    private const string Chosen = "WorkloadIdentityCredential";
    private const string TokenFile = "AZURE_FEDERATED_TOKEN_FILE";

    /// <inheritdoc/>
    public override string ToString() => TableServiceUri?.Host ?? "by connection string";

    /// <summary>Reads the section <c>Kad:Azure</c>, and the environment of the process's identity.</summary>
    /// <param name="configuration">With the environment variables.</param>
    /// <param name="isSilo">Whether the process is a silo, which also needs grain storage.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// Settings are missing or wrong. One sentence for each.
    /// </exception>
    public static AzureSettings Read(IConfiguration configuration, bool isSilo)
    {
        const string reason = "Kad:Storage=AzureStorage without Kad:Azure:ConnectionString";
        const string blobReason = $"{reason} and with Kad:{GrainsKey}=Blobs, the default,";
        var section = new KadSection(configuration);

        // The default is what clusters of earlier builds have.
        var grains = section.Choice(GrainsKey, AzureGrains.Blobs);
        if (section.Text("Azure:ConnectionString") is { } connectionString)
        {
            section.ThrowIfWrong();
            return new AzureSettings(connectionString, null, null, grains);
        }

        var blobs = isSilo && grains == AzureGrains.Blobs ? section.Address("Azure:BlobServiceUri", blobReason) : null;
        var tables = section.Address("Azure:TableServiceUri", reason);
        CheckWorkloadIdentity(configuration, section);
        section.ThrowIfWrong();
        return new AzureSettings(null, blobs, tables, grains);
    }

    /// <summary>
    /// Checks the variables of Azure's workload identity. Without them each request to Azure fails after minutes, with an error that names
    /// no variable.
    /// </summary>
    private static void CheckWorkloadIdentity(IConfiguration configuration, KadSection section)
    {
        if (!string.Equals(configuration[Choice], Chosen, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        const string source = $"{Choice}={Chosen} needs it; Kubernetes sets it in pods that have the label "
            + "azure.workload.identity/use=true and a service account with a client id.";
        foreach (var name in (ReadOnlySpan<string>)["AZURE_CLIENT_ID", "AZURE_TENANT_ID", TokenFile])
        {
            if (string.IsNullOrWhiteSpace(configuration[name]))
            {
                section.Add($"{name} is missing; {source}");
                return;
            }
        }

        if (!File.Exists(configuration[TokenFile]))
        {
            section.Add($"{TokenFile} is '{configuration[TokenFile]}', a file that is not there; {source}");
        }
    }
}
