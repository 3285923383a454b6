using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>
/// A segment in the file: one byte of version, four of checksum, records. The checksum is CRC-32C (RFC 3720, B.4) of the segment's number
/// and the records, big-endian. SQLite itself detects a damaged structure, but not a changed byte in a blob.
/// </summary>
internal static class SegmentCodec
{
    /// <summary>Bytes before the first record.</summary>
    public const int HeaderLength = 1 + sizeof(uint);

    private const byte Version = 1;

    /// <summary>Writes the header of a segment in front of its records.</summary>
    public static void Seal(Span<byte> segment, long number)
    {
        segment[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(segment[1..], Checksum(number, segment[HeaderLength..]));
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
        return BinaryPrimitives.ReadUInt32BigEndian(segment[1..]) == Checksum(number, records);
    }

    private static uint Checksum(long number, ReadOnlySpan<byte> records)
    {
        var sum = BitOperations.Crc32C(uint.MaxValue, (ulong)number);
        var words = MemoryMarshal.Cast<byte, ulong>(records);
        foreach (var word in words)
        {
            sum = BitOperations.Crc32C(sum, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var rest in records[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, rest);
        }

        return ~sum;
    }
}
