using System.Buffers.Binary;

namespace KadOrleans.Storage.Sqlite;

// A segment in the file: one byte of version, four of checksum, and records, as EntryCodec has changes. The checksum is CRC-32C (RFC 3720, B.4) of
// the segment's number and the records, big-endian. SQLite itself detects a damaged structure, but not a changed byte in a blob.
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
