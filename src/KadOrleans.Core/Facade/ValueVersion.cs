namespace KadOrleans;

/// <summary>
/// Which write of a key a value is. What a DHT holds or publishes has a <see cref="Number"/>, that only rises. A value that a lookup alone found has
/// none, as the network's protocols know no versions: the digest of the value stands for it. That nothing is held is a version too.
/// </summary>
public readonly record struct ValueVersion
{
    private const int DigestLength = 32;

    private readonly UInt128 _digest;

    private ValueVersion(long number, UInt128 digest) => (Number, _digest) = (number, digest);

    /// <summary>The version of a key without a value.</summary>
    public static ValueVersion Nothing => default;

    /// <summary>
    /// The number of the write, a fencing token: microseconds since 1970 UTC by this DHT's clock, or one more than the write before if that is later.
    /// It rises through deletions. 0 if nothing is held, and of what a lookup alone found.
    /// </summary>
    public long Number { get; }

    /// <summary>Whether it is the version of a key without a value.</summary>
    public bool IsNothing => this == Nothing;

    /// <summary>The version with a number; 0 is <see cref="Nothing"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static ValueVersion Of(long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return new(number, 0);
    }

    /// <summary>The version of a value that a lookup alone found.</summary>
    internal static ValueVersion OfFound(DhtValue value) => new(0, ValueContent.DigestOf(value));

    /// <summary>The number in decimal digits, 0 for nothing, or the digest as 32 hexadecimal digits.</summary>
    public override string ToString() =>
        _digest == 0 ? Number.ToString(CultureInfo.InvariantCulture) : _digest.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, out ValueVersion version)
    {
        version = default;
        if (text is { Length: DigestLength } && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var digest))
        {
            version = new(0, digest);
            return digest != 0;
        }

        var isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        version = new(number, 0);
        return isNumber;
    }
}
