using System.Globalization;
using KadOrleans.Core.Crawling;

namespace KadOrleans.Cli.Crawling;

/// <summary>Writes one row per endpoint, in the order of their ids and then of their addresses.</summary>
internal static class CrawlRows
{
    private const string Columns = "id,endpoint,reachable,state,roundTripMilliseconds,contacts,questions,complete,otherIds";

    public static void Write(TextWriter writer, IEnumerable<CrawlRecord> records, bool csv)
    {
        if (csv)
        {
            writer.Write(Columns + "\n");
        }

        foreach (var record in records.OrderBy(r => r.Id is null).ThenBy(r => r.Id ?? default).ThenBy(r => r.Endpoint.ToString(), StringComparer.Ordinal))
        {
            writer.Write((csv ? ToCsv(record) : CrawlRecordJson.Create(record).ToJsonString()) + "\n");
        }
    }

    // No field has a comma, a quote or a line break in it.
    private static string ToCsv(CrawlRecord record) => string.Create(
        CultureInfo.InvariantCulture,
        $"{record.Id},{record.Endpoint},{Bool(record.IsReachable)},{CrawlRecordJson.Name(record.State)},{CrawlRecordJson.Milliseconds(record)},{record.Contacts},{record.Questions},{Bool(record.IsComplete)},{string.Join(' ', record.ClaimedIds)}");

    private static string Bool(bool value) => value ? "true" : "false";
}
