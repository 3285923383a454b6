namespace KadOrleans.Silo.Configuration;

/// <summary>
/// What Azure's workload identity takes from its surroundings. Without it each request to Azure fails, some minutes later,
/// with a sentence that names nothing.
/// </summary>
internal static class WorkloadIdentity
{
    private const string Choice = "AZURE_TOKEN_CREDENTIALS";
    private const string Chosen = "WorkloadIdentityCredential";
    private const string TokenFile = "AZURE_FEDERATED_TOKEN_FILE";

    /// <summary>What is missing, as a sentence; null if nothing is, or if another identity is used.</summary>
    /// <param name="configuration">With the environment variables.</param>
    public static string? Lack(IConfiguration configuration)
    {
        if (!string.Equals(configuration[Choice], Chosen, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        const string source = $"{Choice}={Chosen} needs it; Kubernetes sets it in pods that have the label "
            + "azure.workload.identity/use=true and a service account with a client id.";
        foreach (var name in (ReadOnlySpan<string>)["AZURE_CLIENT_ID", "AZURE_TENANT_ID", TokenFile])
        {
            if (string.IsNullOrWhiteSpace(configuration[name]))
            {
                return $"{name} is missing; {source}";
            }
        }

        return File.Exists(configuration[TokenFile]) ? null : $"{TokenFile} is '{configuration[TokenFile]}', a file that is not there; {source}";
    }
}
