using System.Text.Json.Nodes;
using KadOrleans.Core.Estimation;
using KadOrleans.Core.Values;

namespace KadOrleans.Hosting.Results;

/// <summary>An estimated network size as JSON: <c>{"nodes","standardError","lookups"}</c>, or null.</summary>
internal static class NetworkSizeJson
{
    public static JsonObject? Create(NetworkSizeEstimate? estimate) => estimate is null
        ? null
        : new JsonObject
        {
            ["nodes"] = Math.Round(estimate.Nodes, 1),
            ["standardError"] = Math.Round(estimate.StandardError, 1),
            ["lookups"] = estimate.Lookups,
        };
}

/// <summary>
/// A value as JSON: <c>type</c>, <c>value</c> and <c>text</c>. The value is a string, number or boolean; bytes are in hexadecimal. It is null
/// for a number that JSON lacks. The text has every digit, for readers whose numbers end at 2^53.
/// </summary>
internal static class ValueJson
{
    /// <summary>Adds the three fields.</summary>
    public static JsonObject AddTo(JsonObject target, DhtValue value)
    {
        target["type"] = DhtValueText.TypeName(value.Kind);
        target["value"] = NodeOf(value);
        target["text"] = value.ToString();
        return target;
    }

    /// <summary>The field <c>value</c>.</summary>
    public static JsonNode? NodeOf(DhtValue value) => value.Kind switch
    {
        DhtValueKind.Integer => Integer(value.AsInteger()),
        DhtValueKind.Float => Float(value),
        DhtValueKind.Boolean => JsonValue.Create(value.AsBoolean()),
        _ => JsonValue.Create(value.ToString()),
    };

    // With the fraction that ToString gives it, as readers take -0 for the integer 0, which has no sign.
    private static JsonNode? Float(DhtValue value) =>
        double.IsFinite(value.AsFloat()) ? JsonNode.Parse(value.ToString()) : null;

    private static JsonValue Integer(Int128 number) =>
        number < 0 ? JsonValue.Create((long)number) : JsonValue.Create((ulong)number);
}
