using System.Text.Encodings.Web;
using System.Text.Json;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.StateFiles;

/// <summary>Writes a state file value by value: memory does not grow with their number.</summary>
internal static class StateWriter
{
    // The buffered bytes at which the stream is written, so that memory does not grow with the number of keys.
    private const int FlushBytes = 64 * 1024;

    /// <summary>Writes everything and returns the number of values.</summary>
    /// <param name="stream">Where to; it stays open.</param>
    /// <param name="state">A node's id and contacts; null without any.</param>
    /// <param name="values">Read as it goes on.</param>
    /// <param name="cancellationToken">Ends it in the middle of the file.</param>
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
            Write(json, contact);
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

    private static void Write(Utf8JsonWriter json, Contact contact)
    {
        json.WriteStartObject();
        json.WriteString("id", contact.Id.ToString());
        json.WriteString("ip", contact.Endpoint.ToIPAddress().ToString());
        json.WriteNumber("port", contact.Endpoint.Port);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, NodeId key, StoredValue stored)
    {
        json.WriteStartObject();
        json.WriteString("key", key.ToString());
        json.WriteString("type", DhtValueText.TypeName(stored.Value.Kind));
        json.WritePropertyName("value");
        Write(json, stored.Value);
        json.WriteString("storedAt", StateFormat.Format(stored.StoredAt));
        json.WriteString("expiresAt", StateFormat.Format(stored.ExpiresAt));
        json.WriteString("source", stored.Source.ToString());
        if (stored.PublishedAt is { } publishedAt)
        {
            json.WriteString("publishedAt", StateFormat.Format(publishedAt));
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, DhtValue value)
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
}
