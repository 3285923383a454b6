namespace KadOrleans.Full.Tests;

/// <summary>The sample as a client of a cluster on Azure's tables.</summary>
[Needs(Need.Azurite)]
public sealed class AzureSampleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-sample-").FullName;

    [Fact]
    public async Task A_visitor_finds_the_silos_in_a_table()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await GuestbookVisits.VisitClusterAsync(
            _folder,
            "Guestbook.Azure",
            $"--ConnectionStrings:Orleans={azurite.ConnectionString}",
            ["Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={azurite.ConnectionString}"]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
