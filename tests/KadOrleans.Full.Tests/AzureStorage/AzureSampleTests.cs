namespace KadOrleans.Full.Tests;

/// <summary>The sample as a client of a cluster on Azure's tables.</summary>
[Needs(Need.Azurite)]
public sealed class AzureSampleTests : FolderTests
{
    [Fact]
    public async Task A_visitor_finds_the_silos_in_a_table()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await GuestbookVisits.VisitClusterAsync(
            Folder,
            "Guestbook.Azure",
            $"--ConnectionStrings:Orleans={azurite.ConnectionString}",
            ["Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={azurite.ConnectionString}"]);
    }
}
