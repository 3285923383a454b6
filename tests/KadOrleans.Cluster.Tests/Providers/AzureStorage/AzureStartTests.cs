using System.Net.Sockets;
using Azure;

namespace KadOrleans.Cluster.Tests.Providers;

public sealed class AzureStartTests : FolderTests
{
    private const string BadConnectionString = "Kad:Azure:ConnectionString cannot be used; ";
    private const string NoClient = "AZURE_CLIENT_ID is missing; AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential needs it; ";
    private const string Identity = "AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential";
    private const string Tables = "Kad:Azure:TableServiceUri=https://x.table.example";

    /// <remarks>A connection string is a secret that is easily copied in part.</remarks>
    [Theory]
    [InlineData("Silo", BadConnectionString, "Kad:Azure:ConnectionString=secret")]
    [InlineData("Silo", BadConnectionString, "Kad:Azure:ConnectionString=AccountName=me;AccountKey=secret")]
    [InlineData(
        "Silo",
        BadConnectionString,
        "Kad:Azure:ConnectionString=DefaultEndpointsProtocol=https;AccountName=me;AccountKey=secret!;EndpointSuffix=core.windows.net")]
    [InlineData("Edge", BadConnectionString, "Kad:Azure:ConnectionString=secret")]
    [InlineData("Edge", BadConnectionString, "Kad:Azure:ConnectionString=AccountName=me;AccountKey=secret")]
    [InlineData("Silo", NoClient, Identity, Tables, "Kad:Azure:BlobServiceUri=https://x.blob.example")]
    [InlineData("Edge", NoClient, Identity, Tables)]
    public async Task What_cannot_be_used_ends_start_up_with_a_sentence_and_no_secret_is_repeated(string role, string sentence, params string[] settings)
    {
        await using var process = ChildProcess.Start(
            "kad-server", Folder, [$"Kad:Role={role}", "Kad:Http=127.0.0.1:0", "Kad:Storage=AzureStorage", .. settings]);

        Assert.Equal(2, await process.ExitAsync());
        var error = Assert.Single(process.Error.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_refused_request_names_the_settings_and_the_status()
    {
        var refused = new RequestFailedException(403, "Service request failed.\nStatus: 403 (Forbidden)\n\nContent:\n<?xml");

        Assert.Equal(
            (1, "Kad:Azure:BlobServiceUri or Kad:Azure:TableServiceUri: Azure Storage failed: Service request failed. Status: 403 (Forbidden)."),
            StartFailure.Explain("silo", new InvalidOperationException("The silo did not start.", refused), new KadProviders(), null));
    }

    [Fact]
    public async Task An_edge_waits_for_Azure_and_stops_when_told_to()
    {
        using var table = new TcpListener(IPAddress.Loopback, 0);
        table.Start();
        await using var edge = ChildProcess.Start(
            "kad-server",
            Folder,
            [
                "Kad:Role=Edge", "Kad:Http=127.0.0.1:0", "Kad:Edge:Listen=127.0.0.1:0", "Kad:Storage=AzureStorage",
                $"Kad:Azure:ConnectionString=AccountName=me;AccountKey=c2VjcmV0;TableEndpoint=http://{table.LocalEndpoint}/me",
            ]);
        using (var request = await table.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(60)))
        {
            table.Stop();
        }

        Assert.Equal(0, await edge.StopAsync());
        Assert.DoesNotContain("Unhandled", edge.Error.Text, StringComparison.Ordinal);
    }
}
