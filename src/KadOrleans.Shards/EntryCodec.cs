using System.Buffers.Binary;

namespace KadOrleans.Shards;

/// <summary>
/// Encodes changes as the bytes of a stored record, so every provider's serializer has one array to write. A change is one byte of type (0:
/// removed) and 20 bytes of key. A value follows: its times in UTC ticks and its source (8 bytes each), the length of its content (4) and
/// the content. Since schema 2 the type's highest bit marks a value that the cluster published. The time of its last publication (8 bytes)
/// then ends the change. Since schema 3 the next bit is <see cref="StoredValue.IsFar"/>. Numbers are big-endian. Type and content are those
/// of <see cref="ValueContent"/>. A page's record of keys has the same changes without their contents.
/// </summary>
internal static class EntryCodec
{
    public const int RemovalLength = 1 + NodeId.Length;

    public const int PutOverhead = RemovalLength + (4 * sizeof(long)) + sizeof(int);

    private const int PublishedLength = sizeof(long);
    private const byte Published = 0x80;
    private const byte Far = 0x40;
    private const byte Removed = 0;

    public static int LengthOf(StoredValue? value) => value is null
        ? RemovalLength
        : PutOverhead + value.Value.ContentLength + (value.PublishedAt is null ? 0 : PublishedLength);

    /// <summary>The most bytes of a change to a value that counts as much; of a removal if it is null.</summary>
    public static int MaxLengthOf(StoreShare? share) => share is { } counted
        ? PutOverhead + PublishedLength + counted.Footprint - StoredValue.FixedFootprint
        : RemovalLength;

    public static byte[] Encode(IReadOnlyCollection<Entry> changes)
    {
        var encoded = new byte[changes.Sum(change => LengthOf(change.Value))];
        var position = 0;
        foreach (var change in changes)
        {
            position += Write(encoded.AsSpan(position), change);
        }

        return encoded;
    }

    // Damaged bytes throw InvalidDataException.

    public static List<Entry> Decode(ReadOnlySpan<byte> encoded)
    {
        var changes = new List<Entry>();
        while (!encoded.IsEmpty)
        {
            var head = ReadHead(encoded, hasContent: true);
            changes.Add(new Entry(head.Key, head.IsRemoval ? null : ReadValue(encoded, head)));
            encoded = encoded[head.Length..];
        }

        return changes;
    }

    /// <summary>Decodes what the first change says, but for its content, which it may be stored without.</summary>
    public static EntryHead ReadHead(ReadOnlySpan<byte> encoded, bool hasContent)
    {
        if (encoded.Length < RemovalLength)
        {
            throw Damaged();
        }

        var key = new NodeId(encoded.Slice(1, NodeId.Length));
        if (encoded[0] == Removed)
        {
            return new EntryHead(key, IsRemoval: true, RemovalLength);
        }

        var isPublished = (encoded[0] & Published) != 0;
        var overhead = PutOverhead + (isPublished ? PublishedLength : 0);
        var rest = encoded[RemovalLength..];
        if (encoded.Length < overhead
            || BinaryPrimitives.ReadInt32BigEndian(rest[32..]) is var size && (size < 0 || (hasContent && size > encoded.Length - overhead)))
        {
            throw Damaged();
        }

        return new EntryHead(
            key,
            IsRemoval: false,
            Length: overhead + (hasContent ? size : 0),
            ContentLength: size,
            StoredAt: ReadTime(rest),
            ExpiresAt: ReadTime(rest[8..]),
            PublishedAt: isPublished ? ReadTime(rest[(36 + (hasContent ? size : 0))..]) : null,
            Source: new SourceNetwork(BinaryPrimitives.ReadUInt64BigEndian(rest[16..]), BinaryPrimitives.ReadUInt64BigEndian(rest[24..])),
            IsFar: (encoded[0] & Far) != 0);
    }

    /// <summary>Decodes the value of the first change, whose head was read.</summary>
    public static StoredValue ReadValue(ReadOnlySpan<byte> encoded, in EntryHead head) =>
        ValueContent.TryRead((ContentType)(encoded[0] & ~(Published | Far)), encoded.Slice(PutOverhead, head.ContentLength), out var value)
            ? new StoredValue(value, head.StoredAt, head.ExpiresAt, head.Source) { PublishedAt = head.PublishedAt, IsFar = head.IsFar }
            : throw Damaged();

    public static void WriteStoredAt(Span<byte> encoded, DateTimeOffset time) =>
        BinaryPrimitives.WriteInt64BigEndian(encoded[RemovalLength..], time.UtcTicks);

    /// <summary>Copies a change without its content, whose length is null for a removal. Returns the length of the copy.</summary>
    public static int CopyWithoutContent(ReadOnlySpan<byte> encoded, int? contentLength, Span<byte> target)
    {
        var before = contentLength is null ? RemovalLength : PutOverhead;
        var after = encoded[(before + (contentLength ?? 0))..];
        encoded[..before].CopyTo(target);
        after.CopyTo(target[before..]);
        return before + after.Length;
    }

    private static int Write(Span<byte> target, Entry change)
    {
        change.Key.CopyTo(target[1..]);
        if (change.Value is not { } stored)
        {
            target[0] = Removed;
            return RemovalLength;
        }

        var rest = target[RemovalLength..];
        WriteStoredAt(target, stored.StoredAt);
        BinaryPrimitives.WriteInt64BigEndian(rest[8..], stored.ExpiresAt.UtcTicks);
        BinaryPrimitives.WriteUInt64BigEndian(rest[16..], stored.Source.High);
        BinaryPrimitives.WriteUInt64BigEndian(rest[24..], stored.Source.Low);
        BinaryPrimitives.WriteInt32BigEndian(rest[32..], stored.Value.ContentLength);
        target[0] = (byte)((byte)ValueContent.Write(stored.Value, rest[36..]) | (stored.IsFar ? Far : 0));
        if (stored.PublishedAt is { } publishedAt)
        {
            target[0] |= Published;
            BinaryPrimitives.WriteInt64BigEndian(rest[(36 + stored.Value.ContentLength)..], publishedAt.UtcTicks);
        }

        return LengthOf(stored);
    }

    private static InvalidDataException Damaged() => new("A stored record of a key shard is damaged.");

    private static DateTimeOffset ReadTime(ReadOnlySpan<byte> bytes)
    {
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : throw Damaged();
    }
}

/// <summary>
/// What a stored change says, but for its content. A removal has only a key and its length. The content's length is known whether the record
/// has the content or not.
/// </summary>
internal readonly record struct EntryHead(
    NodeId Key,
    bool IsRemoval,
    int Length,
    int ContentLength = 0,
    DateTimeOffset StoredAt = default,
    DateTimeOffset ExpiresAt = default,
    DateTimeOffset? PublishedAt = null,
    SourceNetwork Source = default,
    bool IsFar = false)
{
    public StoreShare Share =>
        new(Source, ContentLength + StoredValue.FixedFootprint, Source.IsTrusted || PublishedAt is not null, IsFar);
}
