using System.Text.Json.Nodes;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The operator's command, against a silo's process with its file.</summary>
public sealed class DoubledShardsTests : IDisposable
{
    private const int Bits = 4;
    private const int Count = 200;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kad-double-");

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Shards_are_doubled_by_a_command_and_stay_so()
    {
        var keys = Enumerable.Range(0, Count).Select(i => NodeId.FromKey($"key {i}")).ToList();
        await using (var silo = new SiloServer(_folder.FullName, SiloServer.ShardBits(Bits)))
        await using (var edge = new EdgeServer(_folder.FullName, "a", silo.GatewaySetting))
        {
            await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
            await using (var client = await ClusterClient.ConnectAsync(silo.Gateway))
            {
                await client.StoreAsync(Bits, keys);
            }

            Assert.Equal((0, "16 shards."), await RunAsync(["shards", .. silo.AdminArguments]));

            Assert.Equal((0, "32 shards."), await RunAsync(["shards", "double", "--wait", .. silo.AdminArguments]));

            Assert.Empty(await ValueReading.MissingAsync(edge.Address, keys));
            await AssertHeldAsync(silo, keys);
            Assert.Equal((0, 0), (await edge.StopAsync(), await silo.StopAsync()));
        }

        await using var later = new SiloServer(_folder.FullName, SiloServer.ShardBits(Bits));
        await using var laterEdge = new EdgeServer(_folder.FullName, "a", later.GatewaySetting);
        await Task.WhenAll(later.StartAsync(), laterEdge.StartAsync());
        var (code, said) = await RunAsync(["shards", "--json", .. later.AdminArguments]);
        Assert.Equal((0, 32), (code, JsonNode.Parse(said)!["count"]!.GetValue<int>()));
        Assert.Empty(await ValueReading.MissingAsync(laterEdge.Address, keys));
        await AssertHeldAsync(later, keys);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // As an edge does that knows of no doubling.
    private static async Task AssertHeldAsync(SiloServer silo, IReadOnlyList<NodeId> keys)
    {
        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        await using var values = client.OpenValues(Bits);
        Assert.Equal(Count, (await values.GetUsageAsync()).Keys);
        foreach (var key in keys)
        {
            Assert.Equal(StoreLoad.ValueOf(key), (await values.GetAsync(key, DateTimeOffset.UtcNow))?.Value);
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] args)
    {
        var run = await EndedRun.OfKadAsync(["admin", .. args]);
        return (run.Code, run.Output.Trim());
    }
}
