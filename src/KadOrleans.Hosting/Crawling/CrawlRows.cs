using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KadOrleans.Core;
using KadOrleans.Core.Crawling;

namespace KadOrleans.Hosting.Crawling;

/// <summary>Writes one row per endpoint, in the order of their ids and then of their addresses.</summary>
internal static class CrawlRows
{
    /// <summary>The first line of CSV.</summary>
    public const string Columns = "id,endpoint,reachable,state,roundTripMilliseconds,contacts,questions,complete,otherIds,addressForm,since";

    public static void Write(TextWriter writer, IEnumerable<CrawlRecord> records, bool csv)
    {
        if (csv)
        {
            writer.Write(Columns + "\n");
        }

        foreach (var record in records.OrderBy(r => r.Id is null).ThenBy(r => r.Id ?? default).ThenBy(r => r.Endpoint.ToString(), StringComparer.Ordinal))
        {
            writer.Write(ToLine(record, csv) + "\n");
        }
    }

    /// <summary>One row, without its line break.</summary>
    public static string ToLine(CrawlRecord record, bool csv) => csv ? ToCsv(record) : CrawlRecordJson.Create(record).ToJsonString();

    // No field has a comma, a quote or a line break in it.
    private static string ToCsv(CrawlRecord record) => string.Create(
        CultureInfo.InvariantCulture,
        $"{record.Id},{record.Endpoint},{Bool(record.IsReachable)},{CrawlRecordJson.Name(record.State)},{CrawlRecordJson.Milliseconds(record)},{record.Contacts},{record.Queries},{Bool(record.IsComplete)},{string.Join(' ', record.ClaimedIds)},{CrawlRecordJson.Name(record.Form)},{record.Since?.UtcDateTime:O}");

    private static string Bool(bool value) => value ? "true" : "false";
}

/// <summary>One endpoint of a crawl as a JSON object: a row of the result, and of the state file.</summary>
internal static class CrawlRecordJson
{
    public static JsonObject Create(CrawlRecord record) => new()
    {
        ["id"] = record.Id?.ToString(),
        ["endpoint"] = record.Endpoint.ToString(),
        ["reachable"] = record.IsReachable,
        ["state"] = Name(record.State),
        ["roundTripMilliseconds"] = Milliseconds(record),
        ["contacts"] = record.Contacts,
        ["questions"] = record.Queries,
        ["complete"] = record.IsComplete,
        ["otherIds"] = new JsonArray([.. record.ClaimedIds.Select(JsonNode? (id) => id.ToString())]),
        ["addressForm"] = Name(record.Form),
        ["since"] = record.Since?.UtcDateTime,
    };

    /// <summary>The name of a state or form in files.</summary>
    public static string Name(Enum value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>The shortest round trip, to the microsecond.</summary>
    public static double? Milliseconds(CrawlRecord record) =>
        record.RoundTrip is { } time ? Math.Round(time.TotalMilliseconds, 3) : null;

    /// <summary>Reads what <see cref="Create"/> wrote.</summary>
    /// <returns>The record, or null if the line is anything else.</returns>
    public static CrawlRecord? TryParse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    private static CrawlRecord? Read(JsonElement row)
    {
        if (!Enum.TryParse<CrawlState>(row.GetProperty("state").GetString(), ignoreCase: true, out var state) || !Enum.IsDefined(state))
        {
            return null;
        }

        var roundTrip = row.GetProperty("roundTripMilliseconds");
        var id = row.GetProperty("id").GetString();
        if (id is null && state is CrawlState.Visiting or CrawlState.Visited)
        {
            return null;
        }

        return new CrawlRecord
        {
            Form = row.TryGetProperty("addressForm", out var form) ? Enum.Parse<AddressForm>(form.GetString() ?? string.Empty, ignoreCase: true) : default,
            Endpoint = UdpEndpoint.Parse(row.GetProperty("endpoint").GetString() ?? string.Empty),
            State = state,
            Id = id is null ? null : NodeId.Parse(id),
            ClaimedIds = [.. row.GetProperty("otherIds").EnumerateArray().Select(i => NodeId.Parse(i.GetString() ?? string.Empty))],
            RoundTrip = roundTrip.ValueKind == JsonValueKind.Null ? null : TimeSpan.FromMilliseconds(roundTrip.GetDouble()),
            Contacts = row.GetProperty("contacts").GetInt32(),
            Queries = row.GetProperty("questions").GetInt32(),
            IsComplete = row.GetProperty("complete").GetBoolean(),
        };
    }
}
