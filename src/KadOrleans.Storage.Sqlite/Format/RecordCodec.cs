using System.Buffers.Binary;
using KadOrleans.Core.Items;

namespace KadOrleans.Storage.Sqlite;

// One change of one key in a segment. A removal is its type byte and the key. A put has its type byte, the key, and the times of
// storing and expiry (8 bytes each). Then come its source unless that is trusted (16 bytes), the length of the encoded value (2
// bytes), and the value as ValueCodec writes it. Numbers are big-endian. Three bits of a put's type are
// SourceNetwork.IsProven, StoredValue.IsAuthored and StoredValue.IsKept.
internal static class RecordCodec
{
    public const int RemovalLength = 1 + NodeId.Length;

    public const int MaxLength = FixedLength + SourceCodec.Length + ValueCodec.MaxLength;

    private const byte Removal = 0;
    private const byte TrustedPut = 1;
    private const byte Put = 2;
    private const byte Proven = 0x10;
    private const byte Authored = 0x20;
    private const byte Kept = 0x40;
    private const byte Marks = Proven | Authored | Kept;

    private const int StoredAtOffset = RemovalLength;
    private const int ExpiresAtOffset = StoredAtOffset + sizeof(long);
    private const int SourceOffset = ExpiresAtOffset + sizeof(long);
    private const int FixedLength = SourceOffset + sizeof(ushort);

    /// <summary>The bytes that <see cref="WritePut"/> writes. Renewing the value does not change them.</summary>
    public static int LengthOf(StoredValue value) =>
        FixedLength + (value.Source.IsTrusted ? 0 : SourceCodec.Length) + ValueCodec.LengthOf(value.Value);

    public static int WritePut(Span<byte> destination, NodeId key, StoredValue value)
    {
        destination[0] = (byte)((value.Source.IsTrusted ? TrustedPut : Put)
            | (value.Source.IsProven ? Proven : 0)
            | (value.IsAuthored ? Authored : 0)
            | (value.IsKept ? Kept : 0));
        key.CopyTo(destination[1..]);
        BinaryPrimitives.WriteInt64BigEndian(destination[StoredAtOffset..], value.StoredAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(destination[ExpiresAtOffset..], value.ExpiresAt.ToUnixTimeMilliseconds());
        var rest = destination[SourceOffset..];
        if (!value.Source.IsTrusted)
        {
            SourceCodec.Write(value.Source, rest);
            rest = rest[SourceCodec.Length..];
        }

        var length = ValueCodec.LengthOf(value.Value);
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)length);
        ValueCodec.Write(value.Value, rest.Slice(sizeof(ushort), length));
        return LengthOf(value);
    }

    public static int WriteRemoval(Span<byte> destination, NodeId key)
    {
        destination[0] = Removal;
        key.CopyTo(destination[1..]);
        return RemovalLength;
    }

    /// <summary>Takes the next record. Returns false if there is no complete one. Its value may still be unreadable.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> records, out Record record)
    {
        record = default;
        if (records.Length < RemovalLength || TakeLength(records) is not { } length || length > records.Length)
        {
            return false;
        }

        record = new Record(records[..length]);
        records = records[length..];
        return true;
    }

    private static int? TakeLength(ReadOnlySpan<byte> records)
    {
        var offset = (records[0] & ~Marks) switch
        {
            TrustedPut => SourceOffset,
            Put => SourceOffset + SourceCodec.Length,
            _ => 0,
        };
        return offset == 0
            ? records[0] == Removal ? RemovalLength : null
            : records.Length < offset + sizeof(ushort)
            ? null
            : offset + sizeof(ushort) + BinaryPrimitives.ReadUInt16BigEndian(records[offset..]);
    }

    public readonly ref struct Record(ReadOnlySpan<byte> bytes)
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public bool IsRemoval => Bytes[0] == Removal;

        public NodeId Key => new(Bytes.Slice(1, NodeId.Length));

        /// <summary>What a put says of its value, which is checked and not made. False if no release writes such a value.</summary>
        public bool TryReadHead(out RecordHead head)
        {
            head = default;
            var source = Source;
            if (!TryReadTimes(out var storedAt, out var expiresAt)
                || !ValueCodec.TryMeasure(Bytes[(FixedLength + source.Length)..], out var length, out var owner))
            {
                return false;
            }

            var network = ReadSource(source);
            var isKept = (Bytes[0] & Kept) != 0;
            var share = StoreShare.Of(network, StoredValue.FixedFootprint + length, isPublished: false, isKept, isFar: false, owner);
            head = new RecordHead(storedAt, expiresAt, share);
            return true;
        }

        /// <summary>What a put stores. False if no release writes such a value.</summary>
        public bool TryReadValue(out StoredValue value)
        {
            value = null!;
            var source = Source;
            if (!TryReadTimes(out var storedAt, out var expiresAt)
                || !ValueCodec.TryDecode(Bytes[(FixedLength + source.Length)..], out var content))
            {
                return false;
            }

            value = new StoredValue(content, storedAt, expiresAt, ReadSource(source))
            {
                IsAuthored = (Bytes[0] & Authored) != 0,
                IsKept = (Bytes[0] & Kept) != 0,
            };
            return true;
        }

        private ReadOnlySpan<byte> Source => (Bytes[0] & ~Marks) == Put ? Bytes.Slice(SourceOffset, SourceCodec.Length) : [];

        private SourceNetwork ReadSource(ReadOnlySpan<byte> source) =>
            source.IsEmpty ? default : SourceCodec.Read(source).WithProof((Bytes[0] & Proven) != 0);

        private bool TryReadTimes(out DateTimeOffset storedAt, out DateTimeOffset expiresAt)
        {
            expiresAt = default;
            return TimeCodec.TryRead(BinaryPrimitives.ReadInt64BigEndian(Bytes[StoredAtOffset..]), out storedAt)
                && TimeCodec.TryRead(BinaryPrimitives.ReadInt64BigEndian(Bytes[ExpiresAtOffset..]), out expiresAt);
        }
    }
}

internal readonly record struct RecordHead(DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, StoreShare Share);

/// <summary>Whom a value is counted against, in the file: two 64-bit numbers, big-endian.</summary>
internal static class SourceCodec
{
    public const int Length = 2 * sizeof(ulong);

    public static void Write(SourceNetwork source, Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, source.Address.High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[sizeof(ulong)..], source.Address.Low);
    }

    public static SourceNetwork Read(ReadOnlySpan<byte> encoded) => new(
        BinaryPrimitives.ReadUInt64BigEndian(encoded),
        BinaryPrimitives.ReadUInt64BigEndian(encoded[sizeof(ulong)..]));
}

internal static class TimeCodec
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static bool TryRead(long milliseconds, out DateTimeOffset time)
    {
        var valid = milliseconds >= Min && milliseconds <= Max;
        time = valid ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return valid;
    }
}

// A segment in the file: one byte of version, four of checksum, records. The checksum is CRC-32C (RFC 3720, B.4) of the segment's
// number and the records, big-endian. SQLite itself detects a damaged structure, but not a changed byte in a blob.
internal static class SegmentCodec
{
    public const int HeaderLength = 1 + sizeof(uint);

    private const byte Version = 1;

    public static string Unreadable(long number) => $"segment {number} of its values is unreadable";

    public static void Seal(Span<byte> segment, long number)
    {
        segment[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(segment[1..], Checksum.Of(number, segment[HeaderLength..]));
    }

    /// <summary>Returns the records of a segment. False if the bytes are not those written under this number.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> segment, long number, out ReadOnlySpan<byte> records)
    {
        records = default;
        if (segment.Length < HeaderLength || segment[0] != Version)
        {
            return false;
        }

        records = segment[HeaderLength..];
        return BinaryPrimitives.ReadUInt32BigEndian(segment[1..]) == Checksum.Of(number, records);
    }
}

// A value in the file: one byte of type, then its ValueContent. The types are ContentType, but for booleans, which have no
// content, and bytes.
internal static class ValueCodec
{
    private const byte False = 5;
    private const byte True = 6;
    private const byte Bytes = 7;

    private static ReadOnlySpan<byte> Booleans => [0, 1];

    public const int MaxLength = 1 + StoreRules.MaxContentLength;

    public static int LengthOf(DhtValue value) => value.Kind == DhtValueKind.Boolean ? 1 : 1 + value.ContentLength;

    public static byte[] Encode(DhtValue value)
    {
        var encoded = new byte[LengthOf(value)];
        Write(value, encoded);
        return encoded;
    }

    public static void Write(DhtValue value, Span<byte> destination)
    {
        if (value.Kind == DhtValueKind.Boolean)
        {
            destination[0] = value.AsBoolean() ? True : False;
            return;
        }

        var type = ValueContent.Write(value, destination[1..]);
        destination[0] = type == ContentType.Bytes ? Bytes : (byte)type;
    }

    /// <summary>The length of a value's content, and whose item it is, without making the value. False if these are not the bytes of one.</summary>
    public static bool TryMeasure(ReadOnlySpan<byte> encoded, out int contentLength, out ItemOwner? owner)
    {
        var isValue = TryOpen(encoded, out var type, out var content);
        contentLength = content.Length;
        owner = type == ContentType.Bytes ? ItemOwner.OfContent(content) : null;
        return isValue && ValueContent.IsValid(type, content);
    }

    public static bool TryDecode(ReadOnlySpan<byte> encoded, out DhtValue value)
    {
        value = default;
        return TryOpen(encoded, out var type, out var content) && ValueContent.TryRead(type, content, out value);
    }

    private static bool TryOpen(ReadOnlySpan<byte> encoded, out ContentType type, out ReadOnlySpan<byte> content)
    {
        type = default;
        content = default;
        if (encoded.IsEmpty)
        {
            return false;
        }

        if (encoded[0] is False or True)
        {
            type = ContentType.Boolean;
            content = encoded.Length == 1 ? Booleans.Slice(encoded[0] - False, 1) : [];
        }
        else
        {
            type = encoded[0] == Bytes ? ContentType.Bytes : (ContentType)encoded[0];
            content = encoded[1..];
        }

        return true;
    }
}
