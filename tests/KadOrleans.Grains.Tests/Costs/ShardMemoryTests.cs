using KadOrleans.Core.Values;
using KadOrleans.Grains.Values;
using KadOrleans.Simulation.Costs;

namespace KadOrleans.Grains.Tests.Costs;

/// <summary>What a key takes of a silo's heap. Nothing else runs meanwhile.</summary>
[Collection(Alone)]
public sealed class ShardMemoryTests
{
    public const string Alone = "alone";

    [Theory]
    [InlineData(100_000, 64)]
    [InlineData(130_000, 64)]
    [InlineData(160_000, 64)]
    [InlineData(200_000, 256)]
    public void A_key_takes_the_heap_that_the_calculator_says(int keys, int valueBytes)
    {
        Fill(1000, valueBytes);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var image = Fill(keys, valueBytes);
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)keys;

        Assert.Equal(keys, image.Shard.Count);
        var expected = CostEstimate.HeapPerKey(valueBytes);
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0.0} bytes, {expected} expected");

        // Lists of keys double when they are full.
        Assert.InRange(each, 0.8 * expected, 1.12 * expected);
    }

    /// <summary>Activates a shard, and reads its keys in order as its hourly work does.</summary>
    private static ShardImage Fill(int count, int valueBytes)
    {
        var image = new ShardImage(new KeyShard(StoreQuota.Unlimited), new ShardManifestState(), null);
        for (var first = 0; first < count; first += 1000)
        {
            var entries = ShardEntryCodec.Encode(
                [.. Enumerable.Range(first, 1000).Select(i => new ShardChange(Samples.Key(i), Samples.Sized(valueBytes)))]);
            var changes = ShardEntryCodec.Decode(entries);
            image.Add(new ShardPage(first / 1000, 1, null, [.. changes.Select(change => change.Key)], entries.Length), changes);
        }

        image.Keys.Scan(KeyRegion.Everywhere, null, 1);
        return image;
    }
}

/// <summary>Tests that measure memory.</summary>
[CollectionDefinition(ShardMemoryTests.Alone, DisableParallelization = true)]
public sealed class MemoryMeasurements;
