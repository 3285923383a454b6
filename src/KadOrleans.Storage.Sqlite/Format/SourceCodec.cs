using System.Buffers.Binary;
using KadOrleans.Core.Admission;

namespace KadOrleans.Storage.Sqlite.Format;

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
