namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A cluster with another number of shards takes the place of one: it joins its network, and takes its values over.</summary>
public sealed class ShardBitsChangeTests : IDisposable
{
    private const int OldBits = 12;
    private const int NewBits = 8;

    private static readonly TimeSpan Life = TimeSpan.FromHours(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private readonly DirectoryInfo _old = Directory.CreateTempSubdirectory("kad-old-");
    private readonly DirectoryInfo _new = Directory.CreateTempSubdirectory("kad-new-");
    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Values_pass_to_a_cluster_of_other_shards_with_what_is_left_of_their_lives()
    {
        await using var oldSilo = new SiloServer(_old.FullName, SiloServer.ShardBits(OldBits));
        await using var oldEdge = new EdgeServer(_old.FullName, "old", oldSilo.GatewaySetting);
        await Task.WhenAll(oldSilo.StartAsync(), oldEdge.StartAsync());
        var keys = Enumerable.Range(0, 64).Select(_ => NodeId.Random(_random)).ToList();
        var end = DateTimeOffset.UtcNow + Life;
        await using (var client = await ClusterClient.ConnectAsync(oldSilo.Gateway))
        await using (var values = client.OpenValues(OldBits))
        {
            var now = DateTimeOffset.UtcNow;
            await Task.WhenAll(keys.Select(async key => Assert.Equal(
                StoreResult.Stored, await values.PutAsync(key, new StoredValue(StoreLoad.ValueOf(key), now, end, default)))));
        }

        await using var newSilo = new SiloServer(_new.FullName, SiloServer.ShardBits(NewBits));
        await using var newEdge = new EdgeServer(_new.FullName, "new", newSilo.GatewaySetting, $"Kad:Edge:Bootstrap={oldEdge.Address}");
        await Task.WhenAll(newSilo.StartAsync(), newEdge.StartAsync());
        await using var newClient = await ClusterClient.ConnectAsync(newSilo.Gateway);
        await using var taken = newClient.OpenValues(NewBits);
        await UntilAllAreThereAsync(taken, keys);
        Assert.Equal((0, 0), (await oldEdge.StopAsync(), await oldSilo.StopAsync()));

        foreach (var key in keys)
        {
            var stored = (await taken.GetAsync(key, DateTimeOffset.UtcNow))!;
            Assert.Equal(StoreLoad.ValueOf(key), stored.Value);

            // Copies may end a little early, as the wire has whole seconds, and never late.
            Assert.InRange(stored.ExpiresAt, end - TimeSpan.FromMinutes(1), end + TimeSpan.FromSeconds(1));
        }

        Assert.Empty(await ValueReading.MissingAsync(newEdge.Address, keys));
    }

    public void Dispose()
    {
        _old.Delete(recursive: true);
        _new.Delete(recursive: true);
    }

    private static async Task UntilAllAreThereAsync(GrainKeyStore values, IReadOnlyList<NodeId> keys)
    {
        using var deadline = new CancellationTokenSource(Longest);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while ((await Task.WhenAll(keys.Select(key => values.GetAsync(key, DateTimeOffset.UtcNow).AsTask()))).Any(value => value is null))
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }
}
