using System.Buffers;
using System.Globalization;

namespace KadOrleans.Core.Values;

/// <summary>Values and their types as people and files write them; <see cref="DhtValue.ToString"/> is the other way for values.</summary>
public static class DhtValueText
{
    /// <summary>The name of a type: string, int, float, bool or bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is the type of no value.</exception>
    public static string TypeName(DhtValueKind kind) => kind switch
    {
        DhtValueKind.String => "string",
        DhtValueKind.Integer => "int",
        DhtValueKind.Float => "float",
        DhtValueKind.Boolean => "bool",
        DhtValueKind.Bytes => "bytes",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Reads a whole number in decimal digits; false if it is none, or not from -2^63 to 2^64 - 1.</summary>
    public static bool TryParseInteger(string? text, out DhtValue value)
    {
        var isInteger = Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= DhtValue.MinInteger && number <= DhtValue.MaxInteger;
        value = isInteger ? DhtValue.FromInteger(number) : default;
        return isInteger;
    }

    /// <summary>Reads bytes in hexadecimal, two digits each; false if they are not.</summary>
    public static bool TryParseBytes(string text, out DhtValue value)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = new byte[text.Length / 2];
        var isHexadecimal = text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
        value = isHexadecimal ? DhtValue.FromBytes(bytes) : default;
        return isHexadecimal;
    }
}
