using System.Globalization;
using System.Net;
using System.Text.Json;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.StateFiles;

/// <summary>One contact or value of a state file while it is read. Unknown fields are ignored.</summary>
internal sealed class StateEntry
{
    private readonly Dictionary<string, (JsonTokenType Type, string? Text)> _fields = new(StringComparer.Ordinal);

    /// <summary>Reads the fields of the object whose beginning was read last.</summary>
    /// <exception cref="JsonException">A field is no plain value.</exception>
    public void Read(JsonTokens tokens)
    {
        _fields.Clear();
        while (tokens.Read() && tokens.Type == JsonTokenType.PropertyName)
        {
            var name = tokens.Text!;
            if (!tokens.Read() || tokens.Type is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                throw new JsonException($"'{VisibleText.Excerpt(name)}' is not a plain value");
            }

            _fields[name] = (tokens.Type, tokens.Text);
        }
    }

    /// <exception cref="JsonException">The fields are not those of a contact.</exception>
    public Contact ToContact()
    {
        if (!IPAddress.TryParse(Text("ip"), out var ip)
            || !ushort.TryParse(Text("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || UdpEndpoint.FromIPAddress(ip, port) is not { IsUnicast: true } endpoint)
        {
            throw new JsonException($"'{VisibleText.Excerpt(Text("ip"))}' and '{VisibleText.Excerpt(Text("port"))}' are not the address and port of a contact");
        }

        return new Contact(Id("id"), endpoint);
    }

    /// <exception cref="JsonException">The fields are not those of a value.</exception>
    public KeyValuePair<NodeId, StoredValue> ToValue()
    {
        var key = Id("key");
        var (type, text) = _fields.GetValueOrDefault("value");
        var value = Text("type") switch
        {
            "string" when type == JsonTokenType.String => DhtValue.FromString(text!),
            "int" when type == JsonTokenType.Number && DhtValueText.TryParseInteger(text, out var integer) => integer,
            "float" when type is JsonTokenType.Number or JsonTokenType.String => Float(text!),
            "bool" when type is JsonTokenType.True or JsonTokenType.False => DhtValue.FromBoolean(type == JsonTokenType.True),
            "bytes" when type == JsonTokenType.String && DhtValueText.TryParseBytes(text!, out var bytes) => bytes,
            _ => default,
        };
        return value.Kind == DhtValueKind.None
            ? throw new JsonException($"the value of key {key} is not of its type, '{VisibleText.Excerpt(Text("type"))}'")
            : new(key, new StoredValue(value, Time("storedAt"), Time("expiresAt"), Source()) { PublishedAt = PublishedAt() });
    }

    private string? Text(string name) => _fields.GetValueOrDefault(name).Text;

    private NodeId Id(string name) => NodeId.TryParse(Text(name), out var id)
        ? id
        : throw new JsonException($"'{VisibleText.Excerpt(Text(name))}' is not a valid {name}: {NodeId.Length * 2} hexadecimal digits are needed");

    private DateTimeOffset Time(string name) => StateFormat.TryParse(Text(name), out var time)
        ? time
        : throw new JsonException($"'{VisibleText.Excerpt(Text(name))}' is not a valid time for {name}");

    private DateTimeOffset? PublishedAt() =>
        _fields.TryGetValue("publishedAt", out var field) && field.Type != JsonTokenType.Null ? Time("publishedAt") : null;

    // Optional: a file made by hand need not name the source whose quota a value counts against.
    private SourceNetwork Source()
    {
        if (!_fields.TryGetValue("source", out var field))
        {
            return SourceNetwork.Trusted;
        }

        return UInt128.TryParse(field.Text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var source)
            ? new SourceNetwork((ulong)(source >> 64), (ulong)source)
            : throw new JsonException($"'{VisibleText.Excerpt(field.Text)}' is not a source");
    }

    private static DhtValue Float(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? DhtValue.FromFloat(number)
            : default;
}

/// <summary>
/// A node's state, or a cluster's values, as a JSON file: <c>{"format":"kad-state","version":1,"id":…,"contacts":[…],"values":[…]}</c>. A
/// contact has <c>id</c>, <c>ip</c> and <c>port</c>. A value has <c>key</c> (the digest), <c>type</c>, <c>value</c>, <c>storedAt</c>,
/// <c>expiresAt</c> and <c>source</c>. The source is the address whose quota it counts against, as 32 hexadecimal digits. A publication of
/// a cluster has <c>publishedAt</c> as well. Fields of contacts and values that a reader does not know are ignored. Bytes are hexadecimal;
/// NaN and the infinities are strings; times are UTC with milliseconds, as the database keeps them.
/// </summary>
internal static class StateFormat
{
    public const string Name = "kad-state";

    public const int Version = 1;

    private const string TimePattern = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static string Format(DateTimeOffset time) =>
        time.ToUniversalTime().ToString(TimePattern, CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text,
        TimePattern,
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out time);
}
