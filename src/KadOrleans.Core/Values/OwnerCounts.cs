using System.Numerics;

namespace KadOrleans.Core.Values;

/// <summary>
/// Keys and bytes by the code of an owner of items, in a count-min sketch (Cormode and Muthukrishnan, 2005): four rows of counters, of which an
/// owner has one each; the least is what he has, or a little more, never less. Its memory does not grow with owners, which are as free as keys.
/// </summary>
/// <remarks>
/// Other owners add to a count at most what is held in all by the length of a row: 32 keys for each of a thousand in a store that is full of items of
/// as many owners, where one may have a hundred. Codes are under a secret, so nobody chooses whose counters he shares. An owner's near and far keys
/// are counted apart.
/// </remarks>
internal sealed class OwnerCounts(int totalKeys)
{
    /// <summary>Keys of a whole store for each counter of a row.</summary>
    private const int KeysPerCounter = 32;

    private const int LeastLength = 256;
    private const int GreatestLength = 16_384;

    // Odd, so that each bit of a code counts, and without anything in common (Dietzfelbinger and others, 1997).
    private static ReadOnlySpan<uint> Factors => [0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F];

    private readonly int _bits = BitOperations.Log2(
        BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(totalKeys / KeysPerCounter, LeastLength, GreatestLength)));

    // 12 bytes each, 12 to 786 KB in all, from the first item on.
    private int[]? _keys;
    private long[]? _bytes;

    /// <summary>Under which code an owner's near or far keys are counted. The highest bit moves each place by half a row: factors are odd.</summary>
    public static int CodeOf(int owner, bool isFar) => isFar ? owner ^ int.MinValue : owner;

    public void Count(int code, int sign, int footprint)
    {
        _keys ??= new int[Factors.Length << _bits];
        _bytes ??= new long[_keys.Length];
        for (var row = 0; row < Factors.Length; row++)
        {
            var at = PlaceOf(code, row);
            _keys[at] += sign;
            _bytes[at] += sign * footprint;
        }
    }

    public OwnerUsage Of(int code)
    {
        if (_keys is null)
        {
            return default;
        }

        var (keys, bytes) = (int.MaxValue, long.MaxValue);
        for (var row = 0; row < Factors.Length; row++)
        {
            var at = PlaceOf(code, row);
            (keys, bytes) = (Math.Min(keys, _keys[at]), Math.Min(bytes, _bytes![at]));
        }

        return new OwnerUsage(keys, bytes);
    }

    private int PlaceOf(int code, int row) => (row << _bits) + (int)(unchecked((uint)code * Factors[row]) >> (32 - _bits));
}

internal readonly record struct OwnerUsage(int Keys, long Bytes);
