using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>The grains on the memory storage that comes with the runtime, with nothing of the tests' own below them.</summary>
public class MemoryStorageTests
{
    [Fact]
    public async Task Values_outlive_activations_on_memory_storage()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) => silo
            .AddMemoryGrainStorage(GrainStorageName.Kad)
            .UseInMemoryReminderService()
            .UseKadGrains(options => options.ShardBits = 0));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        var shard = cluster.Client.GetGrain<IKeyShardGrain>(0);
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal([StoreResult.Stored], await shard.PutAsync([new ShardPut(Samples.Key(i % 50), Samples.Text($"{i}") with { StoredAt = DateTimeOffset.UtcNow })]));
            if (i % 100 == 99)
            {
                await cluster.DeactivateAsync(shard);
            }
        }

        Assert.Equal(50, (await shard.GetUsageAsync()).Keys);
        Assert.Equal("299", (await shard.ScanAsync(KeyRegion.Everywhere, null, 100)).Max(put => put.Value.Value.AsString().PadLeft(3, '0')));
    }
}
