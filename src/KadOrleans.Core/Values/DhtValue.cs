using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

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
        _ => 0,
    };

    /// <summary>A text value. Lone surrogates become U+FFFD, as UTF-8 cannot carry them.</summary>
    public static DhtValue FromString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new DhtValue(DhtValueKind.String, 0, Encoding.UTF8.GetBytes(text));
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
        _ => string.Empty,
    };

    /// <inheritdoc cref="FromString"/>
    public static implicit operator DhtValue(string text) => FromString(text);

    /// <summary>A whole number.</summary>
    public static implicit operator DhtValue(long number) => FromInteger(number);

    /// <inheritdoc cref="FromFloat"/>
    public static implicit operator DhtValue(double number) => FromFloat(number);

    /// <inheritdoc cref="FromBoolean"/>
    public static implicit operator DhtValue(bool value) => FromBoolean(value);

    /// <summary>A copy of bytes.</summary>
    public static implicit operator DhtValue(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return FromBytes([.. bytes]);
    }

    // 1.0 and 1 are two values, and look so.
    private static string FormatFloat(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return double.IsFinite(number) && text.AsSpan().TrimStart('-').ContainsAnyExceptInRange('0', '9') is false ? $"{text}.0" : text;
    }

    private byte[] Content(DhtValueKind kind) => Kind == kind ? _bytes! : throw Mismatch(kind);

    private ulong Bits(DhtValueKind kind) => Kind == kind ? _bits : throw Mismatch(kind);

    private InvalidOperationException Mismatch(DhtValueKind kind) => new($"The value is {Kind}, not {kind}.");
}

internal static class DhtValueText
{
    public static string TypeName(DhtValueKind kind) => kind switch
    {
        DhtValueKind.String => "string",
        DhtValueKind.Integer => "int",
        DhtValueKind.Float => "float",
        DhtValueKind.Boolean => "bool",
        DhtValueKind.Bytes => "bytes",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Bytes as hexadecimal text, NaN and the infinities as text.</summary>
    public static void Write(Utf8JsonWriter json, DhtValue value)
    {
        switch (value.Kind)
        {
            case DhtValueKind.Integer:
                json.WriteRawValue(value.ToString(), skipInputValidation: true);
                break;
            case DhtValueKind.Float when double.IsFinite(value.AsFloat()):
                json.WriteNumberValue(value.AsFloat());
                break;
            case DhtValueKind.Boolean:
                json.WriteBooleanValue(value.AsBoolean());
                break;
            case DhtValueKind.String:
                json.WriteStringValue(value.AsUtf8().Span);
                break;
            default:
                json.WriteStringValue(value.ToString());
                break;
        }
    }

    /// <summary>An int may also be its digits as text, a float also text, which alone may be NaN or infinite.</summary>
    public static bool TryRead(string? type, JsonElement json, out DhtValue value)
    {
        var text = json.ValueKind switch
        {
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Number => json.GetRawText(),
            _ => null,
        };
        value = type switch
        {
            "string" when json.ValueKind == JsonValueKind.String => DhtValue.FromString(text!),
            "int" when TryParseInteger(text, out var integer) => integer,
            "float" when ParseFloat(text) is { } number => DhtValue.FromFloat(number),
            "bool" when json.ValueKind is JsonValueKind.True or JsonValueKind.False => DhtValue.FromBoolean(json.GetBoolean()),
            "bytes" when json.ValueKind == JsonValueKind.String && TryParseBytes(text!, out var bytes) => bytes,
            _ => default,
        };
        return value.Kind != DhtValueKind.None;
    }

    private static double? ParseFloat(string? text) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        _ => null,
    };

    public static bool TryParseInteger(string? text, out DhtValue value)
    {
        var isInteger = Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= DhtValue.MinInteger && number <= DhtValue.MaxInteger;
        value = isInteger ? DhtValue.FromInteger(number) : default;
        return isInteger;
    }

    public static bool TryParseBytes(string text, out DhtValue value)
    {
        var bytes = new byte[text.Length / 2];
        var isHexadecimal = text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
        value = isHexadecimal ? DhtValue.FromBytes(bytes) : default;
        return isHexadecimal;
    }
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

// The content of a value in every storage: text and bytes as they are, numbers as 8 bytes, big-endian, a boolean as one.
internal static class ValueContent
{
    public static ContentType TypeOf(DhtValue value) => value.Kind switch
    {
        DhtValueKind.String => ContentType.Text,
        DhtValueKind.Integer => value.AsInteger() < 0 ? ContentType.NegativeInteger : ContentType.NonNegativeInteger,
        DhtValueKind.Float => ContentType.Float,
        DhtValueKind.Boolean => ContentType.Boolean,
        DhtValueKind.Bytes => ContentType.Bytes,
        _ => throw new ArgumentException($"A value of type {value.Kind} cannot be stored.", nameof(value)),
    };

    public static ContentType Write(DhtValue value, Span<byte> destination)
    {
        var type = TypeOf(value);
        switch (type)
        {
            case ContentType.Text:
                value.AsUtf8().Span.CopyTo(destination);
                break;
            case ContentType.Bytes:
                value.AsBytes().Span.CopyTo(destination);
                break;
            case ContentType.Float:
                BinaryPrimitives.WriteDoubleBigEndian(destination, value.AsFloat());
                break;
            case ContentType.Boolean:
                destination[0] = value.AsBoolean() ? (byte)1 : (byte)0;
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(destination, unchecked((ulong)value.AsInteger()));
                break;
        }

        return type;
    }

    public static bool IsValid(ContentType type, ReadOnlySpan<byte> content) => content.Length <= StoreRules.MaxContentLength && type switch
    {
        ContentType.Text => Utf8.IsValid(content),
        ContentType.NonNegativeInteger or ContentType.Float => content.Length == sizeof(ulong),
        ContentType.NegativeInteger => content.Length == sizeof(long) && content[0] >= 0x80,
        ContentType.Boolean => content.Length == sizeof(bool),
        ContentType.Bytes => true,
        _ => false,
    };

    public static bool TryRead(ContentType type, ReadOnlySpan<byte> content, out DhtValue value)
    {
        value = !IsValid(type, content) ? default : type switch
        {
            ContentType.Text => DhtValue.FromUtf8(content.ToArray()),
            ContentType.NonNegativeInteger => DhtValue.FromInteger(BinaryPrimitives.ReadUInt64BigEndian(content)),
            ContentType.NegativeInteger => DhtValue.FromInteger(BinaryPrimitives.ReadInt64BigEndian(content)),
            ContentType.Float => DhtValue.FromFloat(BinaryPrimitives.ReadDoubleBigEndian(content)),
            ContentType.Boolean => DhtValue.FromBoolean(content[0] != 0),
            _ => DhtValue.FromBytes(content.ToArray()),
        };
        return value.Kind != DhtValueKind.None;
    }
}

/// <summary>Storage has these numbers: they never change.</summary>
internal enum ContentType : byte
{
    Text = 1,
    NonNegativeInteger = 2,
    NegativeInteger = 3,
    Float = 4,
    Boolean = 5,
    Bytes = 6,
}

/// <summary>A value as a node holds it. Of each there may be millions, so times are kept as eight bytes.</summary>
public sealed record StoredValue
{
    private readonly long _storedAt;
    private readonly long _expiresAt;

    // Zero: not published. The highest bit, which no time uses, says that the value is far: a field would cost eight bytes each.
    private readonly long _publishedAt;
    private const long FarBit = long.MinValue;

    // A pending publication is marked as published so much before it was set, see PendingSince.
    private static readonly TimeSpan PendingShift = TimeSpan.FromDays(365_000);

    // Halfway between a mark and a time.
    private static readonly DateTimeOffset LatestMark = new(1500, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A value as it arrived, or as it was held elsewhere.</summary>
    public StoredValue(DhtValue value, DateTimeOffset storedAt, DateTimeOffset expiresAt, SourceNetwork source) =>
        (Value, Source, _storedAt, _expiresAt) = (value, source, storedAt.UtcTicks, expiresAt.UtcTicks);

    /// <summary>The value itself.</summary>
    public DhtValue Value { get; init; }

    /// <summary>When the last STORE of it arrived; republishing goes by this. UTC.</summary>
    public DateTimeOffset StoredAt { get => new(_storedAt, TimeSpan.Zero); init => _storedAt = value.UtcTicks; }

    /// <summary>From this moment on it is gone. UTC.</summary>
    public DateTimeOffset ExpiresAt { get => new(_expiresAt, TimeSpan.Zero); init => _expiresAt = value.UtcTicks; }

    /// <summary>The source that it is counted against.</summary>
    public SourceNetwork Source { get; init; }

    /// <summary>
    /// When a client of the cluster whose shard holds the value published it last, in UTC; null for what others published.
    /// Standalone nodes keep what they published in a place of its own.
    /// </summary>
    public DateTimeOffset? PublishedAt
    {
        get => (_publishedAt & ~FarBit) is not 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
        init => _publishedAt = (_publishedAt & FarBit) | (value?.UtcTicks ?? 0);
    }

    /// <summary>A cluster's publication that the network has yet to get, see <see cref="PendingSince"/>.</summary>
    internal bool IsPending => PublishedAt < LatestMark;

    /// <summary>When the value was published, or set if that is pending.</summary>
    internal DateTimeOffset? LastPublished => IsPending ? PublishedAt + PendingShift : PublishedAt;

    // The mark of a publication that the network has yet to get: a thousand years before, which every release takes for due.
    internal static DateTimeOffset PendingSince(DateTimeOffset time) => time - PendingShift;

    /// <summary>
    /// Whether the node that took the value for its cluster is not responsible for the key. False if unknown. Far values are
    /// evicted first. A cluster's shards store this; standalone nodes judge by <see cref="ResponsibleArea"/>.
    /// </summary>
    public bool IsFar
    {
        get => _publishedAt < 0;
        init => _publishedAt = (_publishedAt & ~FarBit) | (value ? FarBit : 0);
    }

    /// <summary>
    /// The bytes that a key and its value count against quotas: the content, and a fixed part for id, times and index entry. So a flood of
    /// tiny values is bounded too.
    /// </summary>
    public int Footprint => Value.ContentLength + FixedFootprint;

    /// <summary>The part of <see cref="Footprint"/> that each key costs, in bytes.</summary>
    public const int FixedFootprint = 128;

    /// <summary>Whether the value is gone at <paramref name="now"/>.</summary>
    public bool IsExpired(DateTimeOffset now) => now.UtcTicks >= _expiresAt;

    /// <summary>How much of its life it has left at <paramref name="now"/>; zero when it is gone.</summary>
    public TimeSpan LifeLeft(DateTimeOffset now) => IsExpired(now) ? TimeSpan.Zero : ExpiresAt - now;

    /// <summary>Whether all but <see cref="IsFar"/> is the same.</summary>
    public bool Equals(StoredValue? other) =>
        other is not null
        && Value == other.Value
        && Source == other.Source
        && _storedAt == other._storedAt
        && _expiresAt == other._expiresAt
        && PublishedAt == other.PublishedAt;

    /// <inheritdoc/>
    public override int GetHashCode() => UniversalHash.OfProcess.Compute(
        ((ulong)(uint)Value.GetHashCode() << 32) | (uint)Source.GetHashCode(), (ulong)_storedAt, (ulong)_expiresAt);
}
