using Azure;

namespace KadOrleans.Full.Tests;

/// <summary>Executables told to use an identity that their surroundings do not give them.</summary>
public sealed class AzureIdentityTests : FolderTests
{
    [Theory]
    [InlineData("Silo", "Kad:Azure:BlobServiceUri=https://x.blob.example", "Kad:Azure:TableServiceUri=https://x.table.example")]
    [InlineData("Edge", "Kad:Azure:TableServiceUri=https://x.table.example")]
    public async Task Workload_identity_without_a_client_id_ends_start_up_with_a_sentence(string role, params string[] addresses)
    {
        await using var process = ChildProcess.Start(
            "kad-server-full",
            Folder,
            [$"Kad:Role={role}", "Kad:Http=127.0.0.1:0", "Kad:Storage=AzureStorage", "AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential", .. addresses]);

        Assert.Equal(2, await process.ExitAsync());
        Assert.Contains(
            "AZURE_CLIENT_ID is missing; AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential needs it; ",
            Assert.Single(process.Error.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_request_names_the_settings_and_the_status()
    {
        var refused = new RequestFailedException(403, "Service request failed.\nStatus: 403 (Forbidden)\n\nContent:\n<?xml");

        var (code, sentence) = StartFailure.Explain("silo", new InvalidOperationException("The silo did not start.", refused), null);

        Assert.Equal(1, code);
        Assert.Equal(
            "Kad:Azure:BlobServiceUri or Kad:Azure:TableServiceUri: Azure Storage failed: Service request failed. Status: 403 (Forbidden).",
            sentence);
    }
}
