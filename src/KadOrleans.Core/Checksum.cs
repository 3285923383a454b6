using System.Numerics;

namespace KadOrleans.Core;

/// <summary>Tells what was written from what a torn or lost write left: CRC-32C.</summary>
internal static class Checksum
{
    /// <summary>The sum of some bytes, and of the number that says which they are.</summary>
    public static uint Of(long number, ReadOnlySpan<byte> bytes)
    {
        var sum = BitOperations.Crc32C(uint.MaxValue, (ulong)number);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            sum = BitOperations.Crc32C(sum, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, rest);
        }

        return ~sum;
    }
}
