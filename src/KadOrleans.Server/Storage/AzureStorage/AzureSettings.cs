namespace KadOrleans.Server;

/// <summary>Reads and checks the section <c>Kad:Azure</c>, and the environment of the process's identity.</summary>
internal static class AzureSettings
{
    private const string Choice = "AZURE_TOKEN_CREDENTIALS";
    private const string Chosen = "WorkloadIdentityCredential";
    private const string TokenFile = "AZURE_FEDERATED_TOKEN_FILE";

    /// <summary>Reads the section. A silo needs grain storage too. An exception has a sentence for each wrong setting.</summary>
    public static AzureOptions Read(IConfiguration configuration, bool isSilo)
    {
        const string reason = "Kad:Storage=AzureStorage without Kad:Azure:ConnectionString";
        var options = KadSettings.ReadSection<AzureOptions>(configuration, AzureOptions.Section);
        if (options.ConnectionString is not null)
        {
            return options;
        }

        var checks = new OptionChecks("Kad:", ':');
        if (isSilo && options.GrainStorage == AzureGrains.Blobs)
        {
            CheckAddress(checks, "Azure:BlobServiceUri", options.BlobServiceUri, $"{reason} and with Kad:Azure:GrainStorage=Blobs, the default,");
        }

        CheckAddress(checks, "Azure:TableServiceUri", options.TableServiceUri, reason);
        CheckWorkloadIdentity(configuration, checks);
        checks.ThrowIfWrong();
        return options;
    }

    // The address must use HTTPS: credentials are sent to it.
    private static void CheckAddress(OptionChecks checks, string setting, string? address, string reason)
    {
        if (address is null)
        {
            checks.Problems.Add($"Kad:{setting} is missing; {reason} needs it.");
        }
        else if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            checks.Add(setting, address, "an address that begins with https:// is needed");
        }
    }

    // Checks the variables of Azure's workload identity. Without them each request to Azure fails after minutes, with an error
    // that names no variable.
    private static void CheckWorkloadIdentity(IConfiguration configuration, OptionChecks checks)
    {
        if (!string.Equals(configuration[Choice], Chosen, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        const string source = $"{Choice}={Chosen} needs it; Kubernetes sets it in pods that have the label "
            + "azure.workload.identity/use=true and a service account with a client id.";
        if (((string[])["AZURE_CLIENT_ID", "AZURE_TENANT_ID", TokenFile]).FirstOrDefault(name => string.IsNullOrWhiteSpace(configuration[name])) is { } missing)
        {
            checks.Problems.Add($"{missing} is missing; {source}");
        }
        else if (!File.Exists(configuration[TokenFile]))
        {
            checks.Problems.Add($"{TokenFile} is '{configuration[TokenFile]}', a file that is not there; {source}");
        }
    }
}
