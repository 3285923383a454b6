namespace KadOrleans.Tests.Core;

public class KeyIndexTests
{
    [Fact]
    public void It_finds_what_a_dictionary_finds() => Randomized.ForSteps(200, 2_000, steps =>
    {
        var (index, model) = (new KeyIndex(), new Dictionary<NodeId, int>());
        foreach (var step in steps)
        {
            var key = NodeId.FromKey($"{step / 4 % 700}");
            Assert.Equal(model.TryGetValue(key, out var slot) ? slot : KeyIndex.None, index.Find(key));
            if (model.Remove(key))
            {
                Assert.Equal(key, index[slot].Key);
                index.Remove(slot);
                Assert.Equal(KeyIndex.None, index.Find(key));
            }
            else if (step % 4 != 0)
            {
                model[key] = index.Add(key);
                Assert.Equal(model[key], index.Find(key));
            }

            Assert.Equal(model.Count, index.Count);
        }

        Assert.Equal(model.Count, model.Values.Distinct().Count());
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_key_takes_at_most_65_bytes_however_many_there_are(bool expects)
    {
        const int Most = 300_000;
        var (index, random) = (new KeyIndex(), new SeededRandomSource(1));
        if (expects)
        {
            index.Expect(Most);
        }

        for (var keys = 1; keys <= Most; keys++)
        {
            index.Add(NodeId.Random(random));
            if (keys >= 100_000 && keys % 1_000 == 0 && !expects)
            {
                Assert.InRange(index.MemoryBytes, 62L * keys, 65L * keys);
            }
        }

        Assert.InRange(index.MemoryBytes, 62L * Most, 65L * Most);
    }

    [Fact]
    public void A_slot_keeps_each_of_its_parts_apart_from_the_others() => Randomized.ForSeeds(500, random =>
    {
        var expected = (
            Place: (long)(random.NextUInt32() * (double)KeySlot.MaxPlace / uint.MaxValue),
            StoredAt: Time(random),
            ExpiresAt: Time(random),
            Footprint: StoredValue.FixedFootprint + (int)(random.NextUInt32() % 16_384),
            Marks: random.NextUInt32() % 32);
        var slot = new KeySlot { Key = NodeId.Random(random) };
        var key = slot.Key;
        (slot.Place, slot.StoredAt, slot.ExpiresAt, slot.Footprint) = (expected.Place, expected.StoredAt, expected.ExpiresAt, expected.Footprint);
        (slot.IsHeld, slot.IsCounted, slot.IsEvictable) = ((expected.Marks & 1) != 0, (expected.Marks & 2) != 0, (expected.Marks & 4) != 0);
        (slot.IsFar, slot.IsMarkedFar) = ((expected.Marks & 8) != 0, (expected.Marks & 16) != 0);

        Assert.Equal(expected, (slot.Place, slot.StoredAt, slot.ExpiresAt, slot.Footprint, Marks(slot)));
        Assert.True(slot.HasKey(key));
    });

    private static uint Marks(KeySlot slot) =>
        (slot.IsHeld ? 1u : 0) | (slot.IsCounted ? 2u : 0) | (slot.IsEvictable ? 4u : 0) | (slot.IsFar ? 8u : 0) | (slot.IsMarkedFar ? 16u : 0);

    private static DateTimeOffset Time(SeededRandomSource random) =>
        new(random.NextUInt32() * 50_000L * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
}
