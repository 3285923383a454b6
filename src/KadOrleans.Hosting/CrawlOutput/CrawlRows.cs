using System.Text;
using System.Text.Json.Nodes;

namespace KadOrleans.Hosting;

internal static class CrawlRows
{
    public const string Columns = "id,endpoint,reachable,state,roundTripMilliseconds,contacts,questions,complete,otherIds,addressForm,since";

    public static async Task WriteAsync(
        Stream stream, IAsyncEnumerable<CrawlRecord> records, bool csv, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        var rows = new StringBuilder(csv ? Columns + "\n" : string.Empty);
        await foreach (var record in records.WithCancellation(cancellationToken))
        {
            rows.Append(ToLine(record, csv)).Append('\n');
            if (rows.Length > 1 << 16)
            {
                await writer.WriteAsync(rows, cancellationToken);
                rows.Clear();
            }
        }

        await writer.WriteAsync(rows, cancellationToken);
    }

    public static IEnumerable<CrawlRecord> Sort(IEnumerable<CrawlRecord> records) =>
        records.OrderBy(r => r.Id is null).ThenBy(r => r.Id ?? default).ThenBy(r => r.Endpoint.ToString(), StringComparer.Ordinal);

    public static string ToLine(CrawlRecord record, bool csv) => csv ? ToCsv(record) : CrawlRecordJson.Create(record).ToJsonString();

    // No field has a comma, a quote or a line break in it.
    private static string ToCsv(CrawlRecord record) => string.Create(
        CultureInfo.InvariantCulture,
        $"{record.Id},{record.Endpoint},{Bool(record.IsReachable)},{CrawlRecordJson.Name(record.State)},{CrawlRecordJson.Milliseconds(record)},{record.Contacts},{record.Queries},{Bool(record.IsComplete)},{string.Join(' ', record.ClaimedIds)},{CrawlRecordJson.Name(record.Form)},{record.Since?.UtcDateTime:O}");

    private static string Bool(bool value) => value ? "true" : "false";
}

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

    public static double? Milliseconds(CrawlRecord record) =>
        record.RoundTrip is { } time ? Math.Round(time.TotalMilliseconds, 3) : null;
}
