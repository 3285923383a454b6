using System.Text.Json;
using System.Text.Json.Serialization;

namespace KadOrleans.Core;

/// <summary>Reports as stored. Readers pass over unknown members, so later releases may add some.</summary>
internal static class CrawlReportJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new TextConverter<NodeId>(NodeId.Parse), new TextConverter<UdpEndpoint>(UdpEndpoint.Parse) },
    };

    public static string Write(CrawlReport report) => JsonSerializer.Serialize(report, Options);

    /// <summary>Throws <see cref="InvalidDataException"/> for what <see cref="Write"/> did not write.</summary>
    public static CrawlReport Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<CrawlReport>(json, Options) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new InvalidDataException("The report of a crawl is damaged.", e);
        }
    }

    private sealed class TextConverter<T>(Func<string, T> parse) : JsonConverter<T>
        where T : struct
    {
        public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => parse(reader.GetString() ?? string.Empty);

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
