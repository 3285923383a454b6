using System.Numerics;
using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

// The one form of a held value: in a node's file, in a shard's records and moves, and in calls between processes. It has
// - a byte of type, as ValueContent has it, and a byte of marks,
// - when the value was stored and when it ends (8 bytes each, UTC ticks),
// - the length of its content (2 bytes),
// - the fields whose marks are set, in the order of the marks, and the content.
// Numbers are big-endian. The first field is the source, unless that is trusted (two numbers of 8 bytes, as SourceNetwork has them). The second is
// the time of publication (8 bytes, UTC ticks), the third the version of the write, and the fourth the id of the call that wrote it (8 bytes each).
// A value with a mark that this build does not know is unreadable.
internal static class StoredValueCodec
{
    /// <summary>
    /// It rises with each change of these bytes. Who stores them adds it to the version of his own layout, which thereby rises too.
    /// </summary>
    public const int Version = 1;

    /// <summary>Bytes before the fields.</summary>
    public const int FixedLength = LengthOffset + sizeof(ushort);

    /// <summary>Bytes of a field that is no source.</summary>
    public const int FieldLength = sizeof(long);

    /// <summary>The most bytes before the content.</summary>
    public const int MaxHeadLength = FixedLength + SourceNetwork.EncodedLength + (3 * FieldLength);

    private const int StoredAtOffset = 2;
    private const int ExpiresAtOffset = StoredAtOffset + sizeof(long);
    private const int LengthOffset = ExpiresAtOffset + sizeof(long);

    private const byte HasSource = 0x01;
    private const byte IsPublished = 0x02;
    private const byte HasVersion = 0x04;
    private const byte HasCall = 0x08;
    private const byte IsFar = 0x10;
    private const byte IsAuthored = 0x20;
    private const byte IsKept = 0x40;
    private const byte KnownMarks = HasSource | IsPublished | HasVersion | HasCall | IsFar | IsAuthored | IsKept;

    /// <summary>The bytes of a value. Another time of storing does not change their number.</summary>
    public static int LengthOf(StoredValue value) => HeadLength(MarksOf(value)) + value.Value.ContentLength;

    public static byte[] Encode(StoredValue value)
    {
        var encoded = new byte[LengthOf(value)];
        Write(encoded, value);
        return encoded;
    }

    /// <summary>Writes a value. Returns its length.</summary>
    /// <exception cref="OverflowException">Its content has more than 65,535 bytes: <see cref="StoreRules"/> allow far fewer.</exception>
    public static int Write(Span<byte> destination, StoredValue value)
    {
        var marks = MarksOf(value);
        destination[1] = marks;
        WriteStoredAt(destination, value.StoredAt);
        BinaryPrimitives.WriteInt64BigEndian(destination[ExpiresAtOffset..], value.ExpiresAt.UtcTicks);
        BinaryPrimitives.WriteUInt16BigEndian(destination[LengthOffset..], checked((ushort)value.Value.ContentLength));
        var position = FixedLength;
        if ((marks & HasSource) != 0)
        {
            value.Source.CopyTo(destination[position..]);
            position += SourceNetwork.EncodedLength;
        }

        if (value.PublishedAt is { } publishedAt)
        {
            position += WriteField(destination[position..], publishedAt.UtcTicks);
        }

        position += value.Version == 0 ? 0 : WriteField(destination[position..], value.Version);
        position += value.CallId == 0 ? 0 : WriteField(destination[position..], value.CallId);

        destination[0] = (byte)ValueContent.Write(value.Value, destination[position..]);
        return position + value.Value.ContentLength;
    }

    /// <summary>Changes when an encoded value was stored.</summary>
    public static void WriteStoredAt(Span<byte> encoded, DateTimeOffset time) =>
        BinaryPrimitives.WriteInt64BigEndian(encoded[StoredAtOffset..], time.UtcTicks);

    /// <summary>How many bytes of these are the value's head, and how many bytes of content follow it. False if no value begins so.</summary>
    public static bool TryMeasure(ReadOnlySpan<byte> encoded, out int headLength, out int contentLength)
    {
        (headLength, contentLength) = (0, 0);
        if (encoded.Length < FixedLength || !ValueContent.IsType(encoded[0]) || (encoded[1] & ~KnownMarks) != 0)
        {
            return false;
        }

        headLength = HeadLength(encoded[1]);
        contentLength = BinaryPrimitives.ReadUInt16BigEndian(encoded[LengthOffset..]);
        return headLength <= encoded.Length;
    }

    /// <summary>What a value says beside its content, of bytes that <see cref="TryMeasure"/> took. False if no build writes that.</summary>
    public static bool TryReadHead(ReadOnlySpan<byte> encoded, out ValueHead head)
    {
        var marks = encoded[1];
        var fields = encoded[FixedLength..];
        var source = SourceNetwork.Trusted;
        if ((marks & HasSource) != 0)
        {
            source = SourceNetwork.Decode(fields);
            fields = fields[SourceNetwork.EncodedLength..];
        }

        var isPublished = (marks & IsPublished) != 0;
        var publishedAt = default(DateTimeOffset);
        var isTime = !isPublished || TryReadTime(TakeField(ref fields), out publishedAt);
        var version = (marks & HasVersion) != 0 ? TakeNumber(ref fields) : 0;
        var callId = (marks & HasCall) != 0 ? TakeNumber(ref fields) : 0;
        var areTimes = TryReadTime(encoded[StoredAtOffset..], out var storedAt)
            & TryReadTime(encoded[ExpiresAtOffset..], out var expiresAt)
            & isTime;
        head = new ValueHead((ContentType)encoded[0], BinaryPrimitives.ReadUInt16BigEndian(encoded[LengthOffset..]), storedAt, expiresAt, source)
        {
            PublishedAt = isPublished ? publishedAt : null,
            IsFar = (marks & IsFar) != 0,
            IsAuthored = (marks & IsAuthored) != 0,
            IsKept = (marks & IsKept) != 0,
            Version = version,
            CallId = callId,
        };

        // A value has one form alone: without marks for a source that is trusted, a publication that was never, and numbers that are none.
        return areTimes
            && isPublished == publishedAt.Ticks > 0
            && source.Address.IsTrusted == ((marks & HasSource) == 0)
            && version > 0 == ((marks & HasVersion) != 0)
            && callId != 0 == ((marks & HasCall) != 0);
    }

    /// <summary>A value that is all of these bytes. False if no build writes it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out StoredValue value)
    {
        value = null!;
        return TryMeasure(encoded, out var headLength, out var contentLength)
            && headLength + contentLength == encoded.Length
            && TryReadHead(encoded, out var head)
            && TryRead(head, encoded[headLength..], out value);
    }

    /// <summary>A value of a head that was read, and its content. False if the content is not of its type.</summary>
    public static bool TryRead(in ValueHead head, ReadOnlySpan<byte> content, out StoredValue value)
    {
        var isRead = ValueContent.TryRead(head.Type, content, out var read);
        value = !isRead ? null! : new StoredValue(read, head.StoredAt, head.ExpiresAt, head.Source)
        {
            PublishedAt = head.PublishedAt,
            IsFar = head.IsFar,
            IsAuthored = head.IsAuthored,
            IsKept = head.IsKept,
            Version = head.Version,
            CallId = head.CallId,
        };
        return isRead;
    }

    private static byte MarksOf(StoredValue value) => (byte)(
        (value.Source.IsTrusted ? 0 : HasSource)
        | (value.PublishedAt is null ? 0 : IsPublished)
        | (value.Version == 0 ? 0 : HasVersion)
        | (value.CallId == 0 ? 0 : HasCall)
        | (value.IsFar ? IsFar : 0)
        | (value.IsAuthored ? IsAuthored : 0)
        | (value.IsKept ? IsKept : 0));

    private static int HeadLength(byte marks) =>
        FixedLength
        + ((marks & HasSource) != 0 ? SourceNetwork.EncodedLength : 0)
        + (FieldLength * BitOperations.PopCount((uint)(marks & (IsPublished | HasVersion | HasCall))));

    private static int WriteField(Span<byte> destination, long number)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, number);
        return FieldLength;
    }

    private static ReadOnlySpan<byte> TakeField(scoped ref ReadOnlySpan<byte> fields)
    {
        var field = fields[..FieldLength];
        fields = fields[FieldLength..];
        return field;
    }

    private static long TakeNumber(scoped ref ReadOnlySpan<byte> fields) => BinaryPrimitives.ReadInt64BigEndian(TakeField(ref fields));

    private static bool TryReadTime(ReadOnlySpan<byte> encoded, out DateTimeOffset time)
    {
        var ticks = BinaryPrimitives.ReadInt64BigEndian(encoded);
        var isTime = ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks;
        time = isTime ? new DateTimeOffset(ticks, TimeSpan.Zero) : default;
        return isTime;
    }
}

/// <summary>What an encoded value says beside its content.</summary>
internal readonly record struct ValueHead(ContentType Type, int ContentLength, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, SourceNetwork Source)
{
    public DateTimeOffset? PublishedAt { get; init; }

    public bool IsFar { get; init; }

    public bool IsAuthored { get; init; }

    public bool IsKept { get; init; }

    public long Version { get; init; }

    public long CallId { get; init; }

    /// <summary>What the value counts against, with whose item it is: its content tells that.</summary>
    public StoreShare ShareOf(ItemOwner? owner) =>
        StoreShare.Of(Source, ContentLength + StoredValue.FixedFootprint, PublishedAt is not null, IsKept, IsFar, owner);
}
