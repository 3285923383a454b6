using System.Text.Json;
using System.Text.Json.Serialization;

namespace KadOrleans.Core;

/// <summary>
/// Reports as stored. Readers pass over unknown members. A member that is added later has a default: without one, reports that were stored
/// before are damaged.
/// </summary>
internal static class CrawlReportJson
{
    // Who reads a report relies on what its types say: no null where none may be, no member that is missing.
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters =
        {
            NamesOf<CrawlPhase>(),
            NamesOf<CrawlState>(),
            NamesOf<AddressForm>(),
            new TextConverter<NodeId>(NodeId.Parse, id => id.ToString()),
            new TextConverter<UdpEndpoint>(UdpEndpoint.Parse, endpoint => endpoint.ToString()),
            new FiniteConverter(),
            new ListConverter<FormCount>(),
            new ListConverter<DuplicateId>(),
            new ListConverter<CrawlRecord>(),
            new ListConverter<EndedSessions>(),
            new ListConverter<SessionLength>(),
        },
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

    // The framework's converter of names reads a list of names too, as a value that may be none of the enumeration's.
    private static TextConverter<T> NamesOf<T>()
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>().ToDictionary(NameOf);
        return new TextConverter<T>(name => values.TryGetValue(name, out var value) ? value : throw new FormatException("A name is unknown."), NameOf);

        static string NameOf(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
    }

    private sealed class TextConverter<T>(Func<string, T> parse, Func<T, string> format) : JsonConverter<T>
        where T : struct
    {
        public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => parse(reader.GetString() ?? string.Empty);

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(format(value));
    }

    // A number beyond the largest is read as infinite, which cannot be written.
    private sealed class FiniteConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetDouble() is var number && double.IsFinite(number) ? number : throw new JsonException("A number is infinite.");

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }

    // The framework does not look for null among the elements of a list.
    private sealed class ListConverter<T> : JsonConverter<IReadOnlyList<T>>
        where T : class
    {
        public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<T[]>(ref reader, options) is { } list && list.All(static one => one is not null)
                ? list
                : throw new JsonException("A list has null.");

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.AsEnumerable(), options);
    }
}
