namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class DoubledShardsTests : FolderTests
{
    private const int Bits = 4;

    private static readonly List<NodeId> Keys = [.. Enumerable.Range(0, 200).Select(i => NodeId.FromKey($"key {i}"))];

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Shards_are_doubled_by_a_command_and_stay_so()
    {
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(Bits));
        await using var edge = new EdgeServer(Folder, "a", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using (var client = await ClusterClient.ConnectAsync(silo))
        {
            await client.StoreAsync(Bits, Keys);
        }

        Assert.Equal("16 shards.", await EndedRun.OutputOfKadAsync(["admin", "shards", .. silo.AdminArguments]));
        Assert.Equal("32 shards.", await EndedRun.OutputOfKadAsync(["admin", "shards", "double", "--yes", "--wait", .. silo.AdminArguments]));
        await AssertHeldAsync(silo, edge);
        Assert.Equal((0, 0), (await edge.StopAsync(), await silo.StopAsync()));

        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        Assert.Equal(32, JsonNode.Parse(await EndedRun.OutputOfKadAsync(["admin", "shards", "--json", .. silo.AdminArguments]))!["count"]!.GetValue<int>());
        await AssertHeldAsync(silo, edge);
    }

    // As an edge does that knows of no doubling.
    private static async Task AssertHeldAsync(SiloServer silo, EdgeServer edge)
    {
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, Keys));
        await using var client = await ClusterClient.ConnectAsync(silo);
        await using var values = client.OpenValues(Bits);
        Assert.Equal(Keys.Count, (await values.GetUsageAsync()).Keys);
        foreach (var key in Keys)
        {
            Assert.Equal(StoreLoad.ValueOf(key), (await values.GetAsync(key, DateTimeOffset.UtcNow))?.Value);
        }
    }
}
