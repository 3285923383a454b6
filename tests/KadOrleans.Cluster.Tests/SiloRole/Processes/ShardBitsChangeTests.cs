namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A cluster with another number of shards takes the place of one: it joins its network, and takes its values over.</summary>
public sealed class ShardBitsChangeTests : FolderTests
{
    private const int OldBits = 12;
    private const int NewBits = 8;

    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Values_pass_to_a_cluster_of_other_shards_with_what_is_left_of_their_lives()
    {
        var other = Directory.CreateDirectory(Path.Combine(Folder, "new")).FullName;
        await using var oldSilo = new SiloServer(Folder, SiloServer.ShardBits(OldBits));
        await using var oldEdge = new EdgeServer(Folder, "old", oldSilo.GatewaySetting);
        await Task.WhenAll(oldSilo.StartAsync(), oldEdge.StartAsync());
        var keys = Enumerable.Range(0, 64).Select(_ => NodeId.Random(_random)).ToList();
        var before = DateTimeOffset.UtcNow;
        await using (var client = await ClusterClient.ConnectAsync(oldSilo))
        {
            await client.StoreAsync(OldBits, keys);
        }

        var end = DateTimeOffset.UtcNow.AddHours(1);
        await using var newSilo = new SiloServer(other, SiloServer.ShardBits(NewBits));
        await using var newEdge = new EdgeServer(other, "new", newSilo.GatewaySetting, $"Kad:Edge:Bootstrap={oldEdge.Address}");
        await Task.WhenAll(newSilo.StartAsync(), newEdge.StartAsync());
        await using var newClient = await ClusterClient.ConnectAsync(newSilo);
        await using var values = newClient.OpenValues(NewBits);
        var taken = await Eventually.ReadAsync(
            () => Task.WhenAll(keys.Select(key => values.GetAsync(key, DateTimeOffset.UtcNow).AsTask())),
            taken => Array.TrueForAll(taken, value => value is not null));
        Assert.Equal((0, 0), (await oldEdge.StopAsync(), await oldSilo.StopAsync()));

        // Copies may end a little early, as the wire has whole seconds, and never late.
        Assert.Equal(keys.Select(StoreLoad.ValueOf), taken.Select(value => value!.Value));
        Assert.All(taken, value => Assert.InRange(value!.ExpiresAt, before.AddMinutes(59), end.AddSeconds(1)));
        Assert.Empty(await ValueReading.MissingAsync(newEdge.Address, keys));
    }
}
