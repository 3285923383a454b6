namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class TransferTests : FolderTests
{
    private const int OldBits = 8;
    private const int NewBits = 4;
    private const int Count = 64;

    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_file_goes_from_a_cluster_to_a_node_and_from_the_node_to_a_cluster_which_serves_it()
    {
        var (first, second, node) = (Path.Combine(Folder, "values.json"), Path.Combine(Folder, "node.json"), Path.Combine(Folder, "node"));
        var keys = Enumerable.Range(0, Count).Select(_ => NodeId.Random(_random)).ToList();
        var old = Directory.CreateDirectory(Path.Combine(Folder, "old")).FullName;
        await using (var oldSilo = new SiloServer(old, SiloServer.ShardBits(OldBits)))
        {
            await oldSilo.StartAsync();
            await using (var client = await ClusterClient.ConnectAsync(oldSilo))
            {
                await client.StoreAsync(OldBits, keys, publish: i => i % 2 == 0);
            }

            Assert.Equal($"exported {Count} values to {first}", await EndedRun.OutputOfKadAsync(["admin", "export", first, .. oldSilo.AdminArguments]));
            Assert.Equal(0, await oldSilo.StopAsync());
        }

        Assert.Equal(Count, await ImportAsync("state", "import", first, "--data", node));
        await EndedRun.OutputOfKadAsync("state", "export", second, "--data", node);
        Assert.DoesNotContain("publishedAt", await File.ReadAllTextAsync(second), StringComparison.Ordinal);

        await using var newSilo = new SiloServer(Folder, SiloServer.ShardBits(NewBits));
        await using var newEdge = new EdgeServer(Folder, "new", newSilo.GatewaySetting);
        await Task.WhenAll(newSilo.StartAsync(), newEdge.StartAsync());
        Assert.Equal(Count, await ImportAsync(["admin", "import", second, .. newSilo.AdminArguments]));
        Assert.Empty(await ValueReading.MissingAsync(newEdge.Address, keys));
    }

    private static async Task<int> ImportAsync(params string[] args) =>
        JsonNode.Parse(await EndedRun.OutputOfKadAsync([.. args, "--json"]))!["imported"]!.GetValue<int>();
}
