namespace KadOrleans.Tests.Shards;

/// <summary>A shard that moves takes its log along, and storage has the last word.</summary>
public sealed class MovedLogTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(120)]
    [InlineData(700)]
    public Task What_another_activation_wrote_meanwhile_is_read(int more) => EngineHost.RunAsync(async () =>
    {
        var (records, shard, held) = await FillAsync(60);
        var moved = shard.Log.Save();
        var other = await EngineHost.ActivateAsync(records);
        await PutAsync(other, held, 50, more);

        await AssertGoesOnAsync(records, await EngineHost.ActivateAsync(records, moved: moved), held);
    });

    [Fact]
    public Task What_is_taken_along_spares_the_reads_of_the_log_and_is_the_same_after_each_number_of_records() => EngineHost.RunAsync(async () =>
    {
        var (records, shard, held) = await FillAsync(0);
        for (var i = 0; i < 330; i++)
        {
            var (reads, writes) = (records.Reads, records.Writes);
            shard = await EngineHost.ActivateAsync(records, moved: shard.Log.Save());
            Assert.InRange(records.Reads - reads, 2, i <= 94 ? 2 : 21);
            Assert.Equal((held.Count, writes), (shard.Log.Shard.Count, records.Writes));
            await PutAsync(shard, held, i, 1);
        }

        await AssertGoesOnAsync(records, shard, held);
    });

    [Fact]
    public Task Nothing_is_taken_along_that_is_in_doubt_or_too_much() => EngineHost.RunAsync(async () =>
    {
        var (records, shard, held) = await FillAsync(3);
        (records.OnWrite, records.FailRead) = (_ => WriteFault.Done, _ => true);
        await shard.PutAsync(Samples.Key(1), Samples.Text("unknown"));
        Assert.Null(shard.Log.Save());

        (records.OnWrite, records.FailRead) = (_ => WriteFault.None, _ => false);
        await PutAsync(shard, held, 1, 1);
        Assert.NotNull(shard.Log.Save());
        await shard.PutAsync([.. Enumerable.Range(0, 40).Select(i => (Samples.Key(i), Samples.Sized(8000)))]);
        Assert.Null(shard.Log.Save());
    });

    private static async Task<(FakeRecords Records, EngineHost Shard, Dictionary<NodeId, StoredValue> Held)> FillAsync(int puts)
    {
        var (records, shard) = await EngineHost.StartAsync();
        var held = new Dictionary<NodeId, StoredValue>();
        await PutAsync(shard, held, 0, puts);
        return (records, shard, held);
    }

    private static async Task PutAsync(EngineHost shard, Dictionary<NodeId, StoredValue> held, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            var (key, value) = (Samples.Key(i % 150), Samples.Text($"{i}"));
            Assert.Equal(StoreResult.Stored, await shard.PutAsync(key, value));
            held[key] = value;
        }
    }

    private static async Task AssertGoesOnAsync(FakeRecords records, EngineHost shard, Dictionary<NodeId, StoredValue> held)
    {
        Assert.Equal(held, await shard.ReadAllAsync());
        await PutAsync(shard, held, 1000, 120);
        Assert.Equal(held, await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    }
}
