namespace KadOrleans.Full.Tests;

/// <summary>Two silos and two edges as processes on Azure's tables and blobs, each killed in turn under load.</summary>
[Needs(Need.Azurite)]
public sealed class AzureTwoSilosTwoEdgesTests
{
    [Fact]
    public async Task Each_process_may_be_killed_under_load_and_no_acknowledged_value_is_lost()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await TwoSilosTwoEdges.SurviveKillsAsync(
            "Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={azurite.ConnectionString}");
    }
}
