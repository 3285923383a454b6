using System.Buffers.Binary;
using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public class EntryCodecTests
{
    [Fact]
    public void Changes_come_back_as_they_were_written() => Randomized.ForSeeds(400, random =>
    {
        Entry[] changes = [.. Enumerable.Range(0, random.Next(20)).Select(_ => new Entry(
            random.NextId(),
            random.Next(4) == 0
                ? null
                : Marked(random.NextStored(), random)))];
        var encoded = EntryCodec.Encode(changes);

        var read = EntryCodec.Decode(encoded);

        Assert.Equal(changes, read);
        Assert.Equal(changes.Select(change => change.Value?.IsFar), read.Select(change => change.Value?.IsFar));
        Assert.Equal(changes.Sum(change => EntryCodec.LengthOf(change.Value)), encoded.Length);
    });

    private static StoredValue Marked(StoredValue value, SeededRandomSource random) => value with
    {
        IsFar = random.Next(2) == 0,
        PublishedAt = random.Next(2) == 0 ? random.NextTime() : null,
        IsAuthored = random.Next(2) == 0,
        IsKept = random.Next(2) == 0,
        Source = value.Source.WithProof(random.Next(2) == 0),
    };

    [Fact]
    public void A_record_that_was_cut_is_damaged_and_any_bytes_decode_or_are() => Randomized.ForSeeds(500, random =>
    {
        var bytes = EntryCodec.Encode([new Entry(random.NextId(), random.NextStored())]);
        Assert.Throws<InvalidDataException>(() => EntryCodec.Decode(bytes.AsSpan(0, 1 + random.Next(bytes.Length - 1))));
        for (var i = 0; i < 3; i++)
        {
            bytes[random.Next(Math.Min(bytes.Length, 70))] = (byte)random.Next(256);
        }

        var exception = Record.Exception(() => EntryCodec.Decode(bytes));
        Assert.True(exception is null or InvalidDataException, exception?.ToString());
    });

    // The keys of a page say how long its contents are, and nothing else does.
    [Theory]
    [InlineData(StoreRules.MaxContentLength + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void The_keys_of_a_page_with_a_content_that_no_value_has_are_damaged(int length)
    {
        var entry = new Entry(StoredValues.Key(1), StoredValues.Text("text"));
        var keys = new byte[EntryCodec.PutOverhead];
        EntryCodec.CopyWithoutContent(EntryCodec.Encode([entry]), entry.Value!.Value.ContentLength, keys);
        Assert.Equal("text".Length, EntryCodec.ReadHead(keys, hasContent: false).ContentLength);

        BinaryPrimitives.WriteInt32BigEndian(keys.AsSpan(EntryCodec.PutOverhead - sizeof(int)), length);

        Assert.Throws<InvalidDataException>(() => EntryCodec.ReadHead(keys, hasContent: false));
    }
}
