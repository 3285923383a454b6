using System.Diagnostics;

namespace KadOrleans.Http;

internal static class ValueJson
{
    public const string Types = "string, int, float, bool or bytes";

    /// <summary>What a value of a type is, as the end of a sentence; null if there is no such type.</summary>
    public static string? AllowedOf(string type) => type switch
    {
        "string" => "a string is text",
        "bool" => "a bool is true or false",
        "int" => $"an int is a whole number from {DhtValue.MinInteger} to {DhtValue.MaxInteger}, or its digits as text",
        "float" => "a float is a number from -1.8e308 to 1.8e308, or the text NaN, Infinity or -Infinity",
        "bytes" => "bytes are text in hexadecimal, two digits each",
        _ => null,
    };

    /// <summary>A value as a string, number or boolean; bytes are in hexadecimal. Null for a number that JSON lacks.</summary>
    public static JsonNode? NodeOf(DhtValue value) => value.Kind switch
    {
        // ToString marks a float by a fraction or an exponent: a reader would take -0 for the integer 0, which has no sign.
        DhtValueKind.Float when !double.IsFinite(value.AsFloat()) => null,
        DhtValueKind.Integer or DhtValueKind.Float or DhtValueKind.Boolean => JsonNode.Parse(value.ToString()),
        DhtValueKind.String or DhtValueKind.Bytes or DhtValueKind.None => JsonValue.Create(value.ToString()),
        _ => throw new UnreachableException($"The value is {value.Kind}."),
    };
}
