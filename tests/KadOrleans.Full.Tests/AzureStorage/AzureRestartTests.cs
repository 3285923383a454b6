using System.Net;
using Azure.Data.Tables;

namespace KadOrleans.Full.Tests;

/// <summary>A silo with an edge of its own on Azurite, stopped in order and started again.</summary>
[Needs(Need.Azurite)]
public sealed class AzureRestartTests : FolderTests
{
    [Theory]
    [InlineData("Blobs")]
    [InlineData("Tables")]
    public async Task Values_ids_and_reminders_outlive_the_process_and_the_dashboard_is_served(string grains)
    {
        await using var azurite = await AzuriteServer.StartAsync();
        string[] settings =
        [
            "Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={azurite.ConnectionString}", $"Kad:Azure:GrainStorage={grains}",
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
            Assert.Equal(0, await silo.TerminateAsync());
        }

        var reminders = new TableServiceClient(azurite.ConnectionString).GetTableClient("OrleansReminders");
        Assert.NotEmpty(await reminders.QueryAsync<TableEntity>().ToListAsync());
        await using (var silo = await SiloProcess.StartedAsync(Folder, settings))
        {
            var (address, again) = await EdgeAsync(silo);
            Assert.Equal(id, again);
            Assert.Empty(await ValueReading.MissingAsync(address, keys));
            Assert.Equal(0, await silo.TerminateAsync());
        }
    }

    private static async Task<(IPEndPoint Address, string Id)> EdgeAsync(SiloProcess silo)
    {
        var words = (await silo.LineAsync("listening udp ")).Split(' ');
        return (IPEndPoint.Parse(words[2]), words[4]);
    }
}
