namespace KadOrleans.Full.Tests;

/// <summary>A connection string is a secret that is easily copied in part.</summary>
public sealed class AzureConnectionStringTests : FolderTests
{
    [Theory]
    [InlineData("Silo", "secret")]
    [InlineData("Silo", "AccountName=me;AccountKey=secret")]
    [InlineData("Silo", "DefaultEndpointsProtocol=https;AccountName=me;AccountKey=secret!;EndpointSuffix=core.windows.net")]
    [InlineData("Edge", "secret")]
    [InlineData("Edge", "AccountName=me;AccountKey=secret")]
    public async Task A_wrong_connection_string_ends_start_up_and_is_not_repeated(string role, string text)
    {
        await using var process = ChildProcess.Start(
            "kad-server-full", Folder, [$"Kad:Role={role}", "Kad:Http=127.0.0.1:0", "Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={text}"]);

        Assert.Equal(2, await process.ExitAsync());
        var error = Assert.Single(process.Error.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("Kad:Azure:ConnectionString cannot be used; ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.OrdinalIgnoreCase);
    }
}
