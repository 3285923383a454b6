using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Hosting.Cluster;

/// <summary>The connection to Azure Storage: by a connection string, or by addresses and the process's own identity.</summary>
/// <param name="ConnectionString">Null if the addresses are given.</param>
/// <param name="BlobServiceUri">Null if the connection string is given, or blobs are not needed.</param>
/// <param name="TableServiceUri">Null if the connection string is given.</param>
internal sealed record AzureSettings(string? ConnectionString, Uri? BlobServiceUri, Uri? TableServiceUri)
{
    private const string Choice = "AZURE_TOKEN_CREDENTIALS";
    private const string Chosen = "WorkloadIdentityCredential";
    private const string TokenFile = "AZURE_FEDERATED_TOKEN_FILE";

    /// <inheritdoc/>
    public override string ToString() => TableServiceUri?.Host ?? "by connection string";

    /// <summary>Reads the section <c>Kad:Azure</c>, and the environment of the process's identity.</summary>
    /// <param name="configuration">With the environment variables.</param>
    /// <param name="needsBlobs">Whether blobs are used too.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// Settings are missing or wrong. One sentence for each.
    /// </exception>
    public static AzureSettings Read(IConfiguration configuration, bool needsBlobs)
    {
        const string reason = "Kad:Storage=AzureStorage without Kad:Azure:ConnectionString";
        var section = new KadSection(configuration);
        if (section.Text("Azure:ConnectionString") is { } connectionString)
        {
            return new AzureSettings(connectionString, null, null);
        }

        var blobs = needsBlobs ? section.Address("Azure:BlobServiceUri", reason) : null;
        var tables = section.Address("Azure:TableServiceUri", reason);
        CheckWorkloadIdentity(configuration, section);
        section.ThrowIfWrong();
        return new AzureSettings(null, blobs, tables);
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
