using Azure.Data.Tables;

namespace KadOrleans.Cluster.Tests.Providers;

[Needs(Need.Azurite)]
public sealed class AzureClusterTests : FolderTests
{
    // Grains in tables; in the others they are in blobs, as by default.
    [Fact]
    public async Task Values_ids_and_reminders_outlive_the_process_and_the_dashboard_is_served()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        string[] settings =
        [
            .. SettingsOf(azurite), "Kad:Azure:GrainStorage=Tables",
            "Kad:Edge:Enabled=true", "Kad:Edge:Trust=127.0.0.0/8", "Kad:Cluster:ShardBits=4", "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
        ];
        string id;
        IReadOnlyCollection<NodeId> keys;
        await using (var silo = await SiloProcess.StartedAsync(Folder, settings))
        {
            (var address, id) = await EdgeAsync(silo);
            await using var load = new StoreLoad(address, shardBits: 4);
            await load.WholeAsync();
            await load.StopAsync();
            keys = [.. load.Acknowledged];
            using var dashboard = await silo.GetAsync("/dashboard");
            Assert.Equal(HttpStatusCode.OK, dashboard.StatusCode);
            Assert.Equal(0, await silo.StopAsync());
        }

        var reminders = new TableServiceClient(azurite.ConnectionString).GetTableClient("OrleansReminders");
        Assert.NotEmpty(await reminders.QueryAsync<TableEntity>().ToListAsync());
        await using var successor = await SiloProcess.StartedAsync(Folder, settings);
        var (found, again) = await EdgeAsync(successor);
        Assert.Equal(id, again);
        Assert.Empty(await ValueReading.MissingAsync(found, keys));
        Assert.Equal(0, await successor.StopAsync());
    }

    [Fact]
    public async Task Each_process_may_be_killed_under_load_and_no_acknowledged_value_is_lost()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await TwoSilosTwoEdges.SurviveKillsAsync(SettingsOf(azurite));
    }

    [Fact]
    public async Task A_visitor_of_the_sample_finds_the_silos_in_a_table()
    {
        await using var azurite = await AzuriteServer.StartAsync();
        await GuestbookVisits.VisitClusterAsync(
            Folder, "Guestbook.Azure", $"--ConnectionStrings:Orleans={azurite.ConnectionString}", SettingsOf(azurite));
    }

    private static string[] SettingsOf(AzuriteServer azurite) =>
        ["Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={azurite.ConnectionString}"];

    private static async Task<(IPEndPoint Address, string Id)> EdgeAsync(SiloProcess silo)
    {
        var words = (await silo.LineAsync("listening udp ")).Split(' ');
        return (IPEndPoint.Parse(words[2]), words[4]);
    }
}
