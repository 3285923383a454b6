using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace KadOrleans.Core;

/// <summary>
/// The XOR of two ids, ordered as an unsigned 160-bit number (Kademlia §2.1). Nearer is smaller.
/// </summary>
public readonly struct Distance : IEquatable<Distance>, IComparable<Distance>, IComparisonOperators<Distance, Distance, bool>
{
    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    internal Distance(ulong high, ulong middle, uint low)
    {
        _high = high;
        _middle = middle;
        _low = low;
    }

    /// <summary>The distance of an id to itself.</summary>
    public static Distance Zero => default;

    /// <summary>The length of the prefix that the two ids share, 0 to 160 bits.</summary>
    public int LeadingZeroBits => _high != 0 ? BitOperations.LeadingZeroCount(_high)
        : _middle != 0 ? 64 + BitOperations.LeadingZeroCount(_middle)
        : 128 + BitOperations.LeadingZeroCount(_low);

    /// <summary>
    /// The distance as a share of the whole space, 0 to 1. Precise to 53 bits: for estimates, not for ordering.
    /// </summary>
    public double ToFraction() => (_high / Math.Pow(2, 64)) + (_middle / Math.Pow(2, 128));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CompareTo(Distance other)
    {
        if (_high != other._high)
        {
            return _high < other._high ? -1 : 1;
        }

        if (_middle != other._middle)
        {
            return _middle < other._middle ? -1 : 1;
        }

        return _low.CompareTo(other._low);
    }

    /// <inheritdoc/>
    public bool Equals(Distance other) => _high == other._high && _middle == other._middle && _low == other._low;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Distance other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_high, _middle, _low);

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{_high:x16}{_middle:x16}{_low:x8}");

    /// <inheritdoc/>
    public static bool operator ==(Distance left, Distance right) => left.Equals(right);

    /// <inheritdoc/>
    public static bool operator !=(Distance left, Distance right) => !left.Equals(right);

    /// <inheritdoc/>
    public static bool operator <(Distance left, Distance right) => left.CompareTo(right) < 0;

    /// <inheritdoc/>
    public static bool operator >(Distance left, Distance right) => left.CompareTo(right) > 0;

    /// <inheritdoc/>
    public static bool operator <=(Distance left, Distance right) => left.CompareTo(right) <= 0;

    /// <inheritdoc/>
    public static bool operator >=(Distance left, Distance right) => left.CompareTo(right) >= 0;
}
