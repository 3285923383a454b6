using System.Text.Encodings.Web;

namespace KadOrleans.Http;

internal static class StateWriter
{
    // Memory does not grow with the number of keys.
    private const int FlushBytes = 64 * 1024;

    public static async Task<long> WriteAsync(
        Stream stream, NodeState? state, IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken)
    {
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
        await using var json = new Utf8JsonWriter(stream, options);
        json.WriteStartObject();
        json.WriteString("format", StateFormat.Name);
        json.WriteNumber("version", StateFormat.Version);
        json.WriteString("id", state?.Id.ToString());
        json.WriteStartArray("contacts");
        foreach (var contact in state?.Contacts ?? [])
        {
            json.WriteStartObject();
            json.WriteString("id", contact.Id.ToString());
            json.WriteString("ip", contact.Endpoint.ToIPAddress().ToString());
            json.WriteNumber("port", contact.Endpoint.Port);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("values");
        var count = 0L;
        await foreach (var (key, stored) in values.WithCancellation(cancellationToken))
        {
            Write(json, key, stored);
            count++;
            if (json.BytesPending >= FlushBytes)
            {
                await json.FlushAsync(cancellationToken);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        return count;
    }

    private static void Write(Utf8JsonWriter json, NodeId key, StoredValue stored)
    {
        json.WriteStartObject();
        json.WriteString("key", key.ToString());
        json.WriteString("type", DhtValueText.TypeName(stored.Value.Kind));
        json.WritePropertyName("value");
        DhtValueText.Write(json, stored.Value);
        json.WriteString("storedAt", StateFormat.Format(stored.StoredAt));
        json.WriteString("expiresAt", StateFormat.Format(stored.ExpiresAt));
        if (stored.Version != 0)
        {
            json.WriteNumber("version", stored.Version);
        }

        json.WriteString("source", stored.Source.ToString());
        if (stored.Source.IsProven)
        {
            json.WriteBoolean("proven", true);
        }

        if (stored.IsAuthored)
        {
            json.WriteBoolean("authored", true);
        }

        if (stored.IsKept)
        {
            json.WriteBoolean("kept", true);
        }

        if (stored.PublishedAt is { } publishedAt)
        {
            json.WriteString("publishedAt", StateFormat.Format(publishedAt));
        }

        json.WriteEndObject();
    }
}

// A node's state, or a cluster's values, as a JSON file: {"format":"kad-state","version":1,"id":…,"contacts":[…],"values":[…]}. A
// contact has id, ip and port. A value has key (the digest), type, value, storedAt, expiresAt, version (which write of the key it is) and source. The
// source is the address whose quota it counts against, as 32 hexadecimal digits. "proven":true says that a write token proved it, and
// "authored":true that the value's writer was known. "kept":true says that the item is kept for its owner until expiresAt. A
// publication of a cluster has publishedAt as well. Fields of contacts and values that a reader does not know are ignored. Types and
// values are those of DhtValueText. Times are UTC with milliseconds, as the database keeps them.
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
