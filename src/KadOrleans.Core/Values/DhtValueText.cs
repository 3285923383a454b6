using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace KadOrleans.Core.Values;

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
            case DhtValueKind.Float or DhtValueKind.Bytes or DhtValueKind.None:
                json.WriteStringValue(value.ToString());
                break;
            default:
                throw new UnreachableException($"The value is {value.Kind}.");
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
