using System.ComponentModel;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KadOrleans.Core.Values;

/// <summary>
/// A value as the network knows it: text, whole number, floating-point number, boolean or bytes. Equal when both
/// type and content are: 1, 1.0 and true are three values. All NaNs are one.
/// </summary>
public readonly record struct DhtValue
{
    private const ulong CanonicalNaN = 0x7FF8_0000_0000_0000;

    private readonly ulong _bits;
    private readonly byte[]? _bytes;
    private readonly bool _negative;

    private DhtValue(DhtValueKind kind, ulong bits, byte[]? bytes = null, bool negative = false) =>
        (Kind, _bits, _bytes, _negative) = (kind, bits, bytes, negative);

    /// <summary>The lowest whole number, -2^63.</summary>
    public static Int128 MinInteger => long.MinValue;

    /// <summary>The highest whole number, 2^64 - 1.</summary>
    public static Int128 MaxInteger => ulong.MaxValue;

    /// <summary>Which of the five types this is.</summary>
    public DhtValueKind Kind { get; }

    /// <summary>Length of the content in bytes: of the UTF-8 text or of the bytes; 8 for numbers and 1 for booleans.</summary>
    public int ContentLength => Kind switch
    {
        DhtValueKind.String or DhtValueKind.Bytes => _bytes!.Length,
        DhtValueKind.Integer or DhtValueKind.Float => sizeof(ulong),
        DhtValueKind.Boolean => sizeof(bool),
        DhtValueKind.None => 0,
    };

    /// <summary>A text value.</summary>
    /// <exception cref="ArgumentException">The text has half of a surrogate pair, which UTF-8 cannot carry.</exception>
    public static DhtValue FromString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FromUtf8(StrictUtf8.ToBytes(text));
    }

    /// <summary>A text value from its UTF-8 bytes, which the caller has checked and no longer changes.</summary>
    public static DhtValue FromUtf8(byte[] utf8) =>
        new(DhtValueKind.String, 0, utf8 ?? throw new ArgumentNullException(nameof(utf8)));

    /// <summary>A value of bytes, which the caller no longer changes.</summary>
    public static DhtValue FromBytes(byte[] bytes) =>
        new(DhtValueKind.Bytes, 0, bytes ?? throw new ArgumentNullException(nameof(bytes)));

    /// <summary>A whole number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below -2^63 or above 2^64 - 1.</exception>
    public static DhtValue FromInteger(Int128 number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, MinInteger);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MaxInteger);
        return new DhtValue(DhtValueKind.Integer, unchecked((ulong)number), null, number < 0);
    }

    /// <summary>A floating-point number.</summary>
    public static DhtValue FromFloat(double number) => new(
        DhtValueKind.Float,
        double.IsNaN(number) ? CanonicalNaN : BitConverter.DoubleToUInt64Bits(number));

    /// <summary>A boolean.</summary>
    public static DhtValue FromBoolean(bool value) => new(DhtValueKind.Boolean, value ? 1UL : 0UL);

    /// <summary>
    /// An object as the text of its JSON, which programs in other languages read too. Half of a surrogate pair in one of its texts becomes U+FFFD
    /// there, as .NET's JSON has no other form for it.
    /// </summary>
    /// <param name="content">The object.</param>
    /// <param name="type">Its type, of a <c>JsonSerializerContext</c> or of <c>JsonSerializerOptions.GetTypeInfo</c>.</param>
    public static DhtValue FromJson<T>(T content, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return FromUtf8(JsonSerializer.SerializeToUtf8Bytes(content, type));
    }

    /// <summary>The object whose JSON the text is; null for the text <c>null</c>.</summary>
    /// <param name="type">Its type, as it was stored.</param>
    /// <exception cref="InvalidOperationException">The value is no text, or no JSON of this type.</exception>
    public T? AsJson<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        try
        {
            return JsonSerializer.Deserialize(Content(DhtValueKind.String), type);
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException or ArgumentException)
        {
            // Anybody may have stored it, names included. A type may refuse what it is made of.
            throw new InvalidOperationException($"The value is no JSON of {typeof(T).Name}: {VisibleText.Excerpt(wrong.Message)}", wrong);
        }
    }

    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public string AsString() => Encoding.UTF8.GetString(Content(DhtValueKind.String));

    /// <summary>The UTF-8 bytes of the text.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public ReadOnlyMemory<byte> AsUtf8() => Content(DhtValueKind.String);

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public ReadOnlyMemory<byte> AsBytes() => Content(DhtValueKind.Bytes);

    /// <summary>The whole number.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public Int128 AsInteger() => _negative ? (long)Bits(DhtValueKind.Integer) : Bits(DhtValueKind.Integer);

    /// <summary>The floating-point number.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public double AsFloat() => BitConverter.UInt64BitsToDouble(Bits(DhtValueKind.Float));

    /// <summary>The boolean.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public bool AsBoolean() => Bits(DhtValueKind.Boolean) != 0;

    /// <inheritdoc/>
    public bool Equals(DhtValue other) =>
        Kind == other.Kind
        && _bits == other._bits
        && _negative == other._negative
        && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <summary>Under a secret of the process: a stranger cannot choose values that collide.</summary>
    public override int GetHashCode()
    {
        // The hash of .NET's strings, Marvin, takes pairs of bytes, under a secret that it draws in each process too.
        ReadOnlySpan<byte> bytes = _bytes;
        var text = (uint)string.GetHashCode(MemoryMarshal.Cast<byte, char>(bytes));
        var last = bytes.Length % 2 == 0 ? 0u : bytes[^1];
        var rest = ((ulong)bytes.Length << 32) | (last << 16) | ((uint)Kind << 8) | (_negative ? 1u : 0);
        return UniversalHash.OfProcess.Compute(_bits, text, rest);
    }

    /// <summary>The content for a person: text as it is, bytes in hexadecimal, numbers in invariant form, floats never like whole numbers.</summary>
    public override string ToString() => Kind switch
    {
        DhtValueKind.String => AsString(),
        DhtValueKind.Integer => AsInteger().ToString(CultureInfo.InvariantCulture),
        DhtValueKind.Float => FormatFloat(AsFloat()),
        DhtValueKind.Boolean => AsBoolean() ? "true" : "false",
        DhtValueKind.Bytes => Convert.ToHexStringLower(_bytes!),
        DhtValueKind.None => string.Empty,
    };

    // Their parameters are all called value, as that of the calls that they are used in: an error names it.

    /// <inheritdoc cref="FromString"/>
    public static implicit operator DhtValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return FromUtf8(StrictUtf8.ToBytes(value));
    }

    /// <summary>A whole number.</summary>
    public static implicit operator DhtValue(long value) => FromInteger(value);

    /// <summary>A whole number.</summary>
    /// <remarks>Between <see cref="long"/> and <see cref="ulong"/> the compiler could not choose for it.</remarks>
    public static implicit operator DhtValue(uint value) => FromInteger(value);

    /// <summary>A whole number.</summary>
    public static implicit operator DhtValue(ulong value) => FromInteger(value);

    /// <summary>A whole number, such as <see cref="AsInteger"/> returns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below -2^63 or above 2^64 - 1.</exception>
    public static implicit operator DhtValue(Int128 value) => FromInteger(value);

    /// <summary>Tells at compile time that a character is no value: it would become its number.</summary>
    [Obsolete("A character is no value: use a string, or the number that it stands for.", error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static implicit operator DhtValue(char value) => FromInteger(value);

    /// <inheritdoc cref="FromFloat"/>
    public static implicit operator DhtValue(double value) => FromFloat(value);

    /// <inheritdoc cref="FromBoolean"/>
    public static implicit operator DhtValue(bool value) => FromBoolean(value);

    /// <summary>A copy of bytes.</summary>
    public static implicit operator DhtValue(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return FromBytes([.. value]);
    }

    /// <summary>A copy of bytes, such as <c>"text"u8</c>.</summary>
    public static implicit operator DhtValue(ReadOnlySpan<byte> value) => FromBytes(value.ToArray());

    /// <summary>A copy of bytes, such as <see cref="AsBytes"/> returns.</summary>
    public static implicit operator DhtValue(ReadOnlyMemory<byte> value) => FromBytes(value.ToArray());

    // 1.0 and 1 are two values, and look so.
    private static string FormatFloat(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return double.IsFinite(number) && text.AsSpan().TrimStart('-').ContainsAnyExceptInRange('0', '9') is false ? $"{text}.0" : text;
    }

    private byte[] Content(DhtValueKind kind) => Kind == kind ? _bytes! : throw Mismatch(kind);

    private ulong Bits(DhtValueKind kind) => Kind == kind ? _bits : throw Mismatch(kind);

    private InvalidOperationException Mismatch(DhtValueKind kind) => new($"The value is {NameOf(Kind)}, not {NameOf(kind)}.");

    private static string NameOf(DhtValueKind kind) => kind switch
    {
        DhtValueKind.String => "a string",
        DhtValueKind.Integer => "a whole number",
        DhtValueKind.Float => "a number with a fraction",
        DhtValueKind.Boolean => "a boolean",
        DhtValueKind.Bytes => "bytes",
        DhtValueKind.None => "nothing",
    };
}

/// <summary>The five types of value that nodes of the network store.</summary>
public enum DhtValueKind : byte
{
    /// <summary>No value: what <c>default(DhtValue)</c> is. Never stored.</summary>
    None,

    /// <summary>UTF-8 text.</summary>
    String,

    /// <summary>A whole number, -2^63 to 2^64 - 1.</summary>
    Integer,

    /// <summary>A 64-bit floating-point number.</summary>
    Float,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Any bytes.</summary>
    Bytes,
}
