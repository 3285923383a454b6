using System.Buffers.Binary;

namespace KadOrleans.Tests.Core;

public sealed class EntryCodecTests
{
    [Fact]
    public void A_change_is_its_key_and_what_the_key_then_holds()
    {
        var (key, value) = (NodeId.FromKey("text"), StoredValues.Text("v"));
        Assert.Equal("372ea08cab33e71c02c651dbc83a474d32c676ea" + "00", Convert.ToHexStringLower(EntryCodec.Encode([new(key, null)])));
        Assert.Equal(
            "372ea08cab33e71c02c651dbc83a474d32c676ea" + Convert.ToHexStringLower(StoredValueCodec.Encode(value)),
            Convert.ToHexStringLower(EntryCodec.Encode([new(key, value)])));
    }

    [Fact]
    public void Changes_come_back_as_they_were_written() => Randomized.ForSeeds(400, random =>
    {
        Entry[] changes = [.. Enumerable.Range(0, random.Next(20)).Select(_ => new Entry(
            random.NextId(), random.Next(4) == 0 ? null : random.NextStored()))];
        var encoded = EntryCodec.Encode(changes);

        Assert.Equal(changes, EntryCodec.Decode(encoded));
        Assert.Equal(changes.Sum(change => EntryCodec.LengthOf(change.Value)), encoded.Length);
        Assert.All(changes, change => Assert.InRange(
            EntryCodec.LengthOf(change.Value), 0, EntryCodec.MaxLengthOf(change.Value is { } value ? StoreShare.Of(value) : null)));
    });

    [Fact]
    public void A_content_is_as_long_as_a_value_may_be()
    {
        var longest = StoredValues.Text("v") with
        {
            Value = DhtValue.FromBytes(new byte[StoreRules.MaxContentLength]),
            Source = StoredValues.Alice,
            PublishedAt = StoredValues.Now,
            Version = 1,
            CallId = 1,
        };
        var encoded = EntryCodec.Encode([new(StoredValues.Key(1), longest)]);
        Assert.Equal(EntryCodec.MaxLength, encoded.Length);
        Assert.Equal(longest, Assert.Single(EntryCodec.Decode(encoded)).Value);

        var longer = longest with { Value = DhtValue.FromBytes(new byte[StoreRules.MaxContentLength + 1]) };
        Assert.Throws<InvalidDataException>(() => EntryCodec.Decode(EntryCodec.Encode([new(StoredValues.Key(1), longer)])));
    }

    [Fact]
    public void Without_their_contents_changes_say_the_same_of_the_rest() => Randomized.ForSeeds(100, random =>
    {
        var encoded = (ReadOnlySpan<byte>)EntryCodec.Encode([new(random.NextId(), random.NextStored())]);
        var whole = EntryCodec.Take(ref encoded);
        var head = whole.ReadHead();

        var keys = whole.Bytes[..^head.ContentLength];
        var bare = EntryCodec.Take(ref keys, hasContent: false);

        Assert.True(keys.IsEmpty);
        Assert.Equal(whole.Key, bare.Key);
        Assert.Equal(head, bare.ReadHead());
        Assert.Null(bare.Owner);
    });

    /// <summary>As a page has it whose byte of type was damaged, while the index says that the key has a value.</summary>
    [Fact]
    public void A_removal_that_is_read_as_a_value_is_damaged()
    {
        var removal = EntryCodec.Encode([new(StoredValues.Key(1), null)]);
        Assert.Throws<InvalidDataException>(() => Read(removal));

        ReadOnlySpan<byte> changes = removal;
        Assert.True(EntryCodec.TryTake(ref changes, out var entry));
        Assert.False(entry.TryReadHead(out _) || entry.TryReadValue(out _));

        static StoredValue Read(ReadOnlySpan<byte> changes) => EntryCodec.Take(ref changes).ReadValue();
    }

    [Fact]
    public void Changes_that_were_cut_are_damaged_and_any_bytes_decode_or_are() => Randomized.ForSeeds(500, random =>
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
    [InlineData(ushort.MaxValue)]
    public void The_keys_of_a_page_with_a_content_that_no_value_has_are_damaged(int length)
    {
        var keys = EntryCodec.Encode([new Entry(StoredValues.Key(1), StoredValues.Text(string.Empty))]);
        BinaryPrimitives.WriteUInt16BigEndian(keys.AsSpan(NodeId.Length + StoredValueCodec.FixedLength - sizeof(ushort)), (ushort)length);

        Assert.Throws<InvalidDataException>(() => Take(keys));

        static void Take(ReadOnlySpan<byte> keys) => EntryCodec.Take(ref keys, hasContent: false);
    }
}
