using System.Text.Json;
using System.Text.Json.Serialization;

namespace KadOrleans.Core.Crawling;

/// <summary>A report as JSON, as it is kept. Readers pass over members that they do not know, so later releases may add some.</summary>
internal static class CrawlReportJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new IdConverter(), new EndpointConverter() },
    };

    /// <summary>Writes a report.</summary>
    public static string Write(CrawlReport report) => JsonSerializer.Serialize(report, Options);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The text is anything else.</exception>
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

    private sealed class IdConverter : JsonConverter<NodeId>
    {
        public override NodeId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            NodeId.Parse(reader.GetString() ?? string.Empty);

        public override void Write(Utf8JsonWriter writer, NodeId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class EndpointConverter : JsonConverter<UdpEndpoint>
    {
        public override UdpEndpoint Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            UdpEndpoint.Parse(reader.GetString() ?? string.Empty);

        public override void Write(Utf8JsonWriter writer, UdpEndpoint value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
