using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public class EntryCodecTests
{
    [Fact]
    public void Changes_come_back_as_they_were_written() => Randomized.ForSeeds(200, random =>
    {
        var changes = Enumerable.Range(0, random.Next(20))
            .Select(_ => new Entry(random.NextId(), random.Next(4) == 0 ? null : random.NextStored()))
            .ToList();

        Assert.Equal(changes, EntryCodec.Decode(EntryCodec.Encode(changes)));
    });

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Whether_a_value_is_far_comes_back(bool isFar, bool isPublished) => Randomized.ForSeeds(50, random =>
    {
        var time = random.NextTime();
        var value = random.NextStored() with { IsFar = isFar, PublishedAt = isPublished ? time : null };
        var encoded = EntryCodec.Encode([new Entry(random.NextId(), value)]);

        var read = Assert.Single(EntryCodec.Decode(encoded)).Value;

        Assert.Equal(value, read);
        Assert.Equal(isFar, read!.IsFar);
        Assert.Equal(EntryCodec.LengthOf(value), encoded.Length);
    });

    [Fact]
    public void A_record_that_was_cut_is_damaged_or_holds_fewer_changes() => Randomized.ForSeeds(50, random =>
    {
        Entry[] changes = [new(random.NextId(), random.NextStored()), new(random.NextId(), random.NextStored())];
        var encoded = EntryCodec.Encode(changes);
        var whole = EntryCodec.LengthOf(changes[0].Value);
        var cut = 1 + random.Next(encoded.Length - 1);
        if (cut == whole)
        {
            Assert.Equal(changes[..1], EntryCodec.Decode(encoded.AsSpan(0, cut)));
        }
        else
        {
            Assert.Throws<InvalidDataException>(() => EntryCodec.Decode(encoded.AsSpan(0, cut)));
        }
    });

    [Fact]
    public void Any_bytes_decode_or_are_damaged() => Randomized.ForSeeds(500, random =>
    {
        var bytes = EntryCodec.Encode([new Entry(random.NextId(), random.NextStored())]);
        for (var i = 0; i < 3; i++)
        {
            bytes[random.Next(Math.Min(bytes.Length, 70))] = (byte)random.Next(256);
        }

        var exception = Record.Exception(() => EntryCodec.Decode(bytes));
        Assert.True(exception is null or InvalidDataException, exception?.ToString());
    });
}
