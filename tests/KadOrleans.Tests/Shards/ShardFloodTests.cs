namespace KadOrleans.Tests.Shards;

/// <summary>A shard whose keys strangers chose to collide. With one hash code for all, each put would search all keys before it.</summary>
public class ShardFloodTests
{
    private const int Keys = 30_000;
    private const int PerBatch = 500;

    [Fact]
    public Task Keys_that_were_chosen_to_collide_are_stored_found_and_loaded_again() => EngineHost.RunAsync(async () =>
    {
        var random = new SeededRandomSource(1);
        var (records, shard) = await EngineHost.StartAsync();
        NodeId[] keys = [.. Enumerable.Range(0, Keys).Select(_ => HashFamilies.FoldedId(random))];
        var value = new StoredValue(DhtValue.FromBoolean(true), Samples.Now, Samples.Now.AddDays(7), default);
        foreach (var some in keys.Chunk(PerBatch))
        {
            Assert.All(await shard.PutAsync([.. some.Select(key => (key, value))]), result => Assert.Equal(StoreResult.Stored, result));
        }

        var moved = await EngineHost.ActivateAsync(records);
        Assert.Equal(Keys, moved.Engine.Shard.Enumerate().Count());
        Assert.All(await moved.ReadAsync(keys[^PerBatch..]), Assert.NotNull);
    });
}
