using System.Buffers.Binary;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>
/// One change of one key in a segment. A removal is its type byte and the key. A put has its type byte, the key, and the times of storing
/// and expiry (8 bytes each). Then come its source unless that is trusted (16 bytes), the length of the encoded value (2 bytes), and the
/// value as <see cref="ValueCodec"/> writes it. Numbers are big-endian.
/// </summary>
internal static class RecordCodec
{
    /// <summary>Length of a removal.</summary>
    public const int RemovalLength = 1 + NodeId.Length;

    /// <summary>Length of the longest record.</summary>
    public const int MaxLength = FixedLength + SourceCodec.Length + ValueCodec.MaxLength;

    private const byte Removal = 0;
    private const byte TrustedPut = 1;
    private const byte Put = 2;

    private const int StoredAtOffset = RemovalLength;
    private const int ExpiresAtOffset = StoredAtOffset + sizeof(long);
    private const int SourceOffset = ExpiresAtOffset + sizeof(long);
    private const int FixedLength = SourceOffset + sizeof(ushort);

    /// <summary>The bytes that <see cref="WritePut"/> writes. Renewing the value does not change them.</summary>
    public static int LengthOf(StoredValue value) =>
        FixedLength + (value.Source.IsTrusted ? 0 : SourceCodec.Length) + ValueCodec.LengthOf(value.Value);

    /// <summary>Writes a put and returns its length.</summary>
    public static int WritePut(Span<byte> destination, NodeId key, StoredValue value)
    {
        destination[0] = value.Source.IsTrusted ? TrustedPut : Put;
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

    /// <summary>Writes a removal and returns its length.</summary>
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
        var offset = records[0] switch
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

    /// <summary>A record in the buffer.</summary>
    /// <param name="bytes">The whole record.</param>
    public readonly ref struct Record(ReadOnlySpan<byte> bytes)
    {
        /// <summary>The whole record.</summary>
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public bool IsRemoval => Bytes[0] == Removal;

        public NodeId Key => new(Bytes.Slice(1, NodeId.Length));

        /// <summary>What a put says of its value, which is checked and not made. False if no release writes such a value.</summary>
        public bool TryReadHead(out RecordHead head)
        {
            head = default;
            var source = Source;
            if (!TryReadTimes(out var storedAt, out var expiresAt)
                || !ValueCodec.TryMeasure(Bytes[(FixedLength + source.Length)..], out var length))
            {
                return false;
            }

            var network = source.IsEmpty ? default : SourceCodec.Read(source);
            head = new RecordHead(
                storedAt, expiresAt, new StoreShare(network, StoredValue.FixedFootprint + length, network.IsTrusted, IsMarkedFar: false));
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

            value = new StoredValue(content, storedAt, expiresAt, source.IsEmpty ? default : SourceCodec.Read(source));
            return true;
        }

        private ReadOnlySpan<byte> Source => Bytes[0] == Put ? Bytes.Slice(SourceOffset, SourceCodec.Length) : [];

        private bool TryReadTimes(out DateTimeOffset storedAt, out DateTimeOffset expiresAt)
        {
            expiresAt = default;
            return TimeCodec.TryRead(BinaryPrimitives.ReadInt64BigEndian(Bytes[StoredAtOffset..]), out storedAt)
                && TimeCodec.TryRead(BinaryPrimitives.ReadInt64BigEndian(Bytes[ExpiresAtOffset..]), out expiresAt);
        }
    }
}

/// <summary>What a put says beside its value.</summary>
/// <param name="StoredAt">When it was stored.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="Share">What it takes of a quota.</param>
internal readonly record struct RecordHead(DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, StoreShare Share);

/// <summary>Whom a value is counted against, in the file: two 64-bit numbers, big-endian.</summary>
internal static class SourceCodec
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 2 * sizeof(ulong);

    public static void Write(SourceNetwork source, Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, source.High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[sizeof(ulong)..], source.Low);
    }

    public static SourceNetwork Read(ReadOnlySpan<byte> encoded) => new(
        BinaryPrimitives.ReadUInt64BigEndian(encoded),
        BinaryPrimitives.ReadUInt64BigEndian(encoded[sizeof(ulong)..]));
}

/// <summary>A time in the file: milliseconds since 1970 UTC.</summary>
internal static class TimeCodec
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>False if there is no such time.</summary>
    public static bool TryRead(long milliseconds, out DateTimeOffset time)
    {
        var valid = milliseconds >= Min && milliseconds <= Max;
        time = valid ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return valid;
    }
}
