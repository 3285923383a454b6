using System.Text;
using static System.FormattableString;

namespace KadOrleans.Hosting;

/// <summary>The summary of a crawl, for people and for programs.</summary>
public static class CrawlSummaryText
{
    // Only the first few duplicates are shown; the rows have all.
    private const int MostExamples = 5;

    // The probability below which the spread counts as uneven.
    private const double Doubt = 0.01;

    public static JsonObject ToJson(CrawlSummary summary, CrawlCounts counts, long datagrams, bool finished) => new()
    {
        ["finished"] = finished,
        ["nodes"] = summary.Nodes,
        ["completeTables"] = summary.Complete,
        ["unreachable"] = summary.Unreachable,
        ["unreachableShare"] = Math.Round(summary.UnreachableShare, 4),
        ["notNodes"] = summary.NotNodes,
        ["unfinished"] = summary.Unfinished,
        ["ids"] = summary.Ids,
        ["addresses"] = summary.Addresses,
        ["networks"] = summary.Networks,
        ["roundTripMilliseconds"] = ToJson(summary.RoundTrips),
        ["contactsPerNode"] = ToJson(summary.Contacts),
        ["balance"] = ToJson(summary.Balance),
        ["addressForms"] = new JsonObject([.. summary.Forms.Select(form => KeyValuePair.Create(
            JsonNamingPolicy.CamelCase.ConvertName(form.Form.ToString()), (JsonNode?)form.Nodes))]),
        ["idsAtSeveralEndpointsCount"] = summary.DuplicateIdCount,
        ["idsAtSeveralEndpoints"] = new JsonArray([.. summary.DuplicateIds.Select(JsonNode? (d) => new JsonObject
        {
            ["id"] = d.Id.ToString(),
            ["endpoints"] = new JsonArray([.. d.Endpoints.Select(JsonNode? (e) => e.ToString())]),
        })]),
        ["endpointsWithSeveralIdsCount"] = summary.SeveralIdsCount,
        ["endpointsWithSeveralIds"] = new JsonArray([.. summary.SeveralIds.Select(JsonNode? (r) => new JsonObject
        {
            ["endpoint"] = r.Endpoint.ToString(),
            ["id"] = r.Id!.Value.ToString(),
            ["otherIds"] = new JsonArray([.. r.ClaimedIds.Select(JsonNode? (id) => id.ToString())]),
        })]),
        ["refusedContacts"] = counts.Refused,
        ["contactsBeyondBound"] = counts.Overflow,
        ["datagramsSent"] = datagrams,
    };

    public static IEnumerable<string> ToLines(CrawlSummary summary, CrawlCounts counts) => new[]
    {
        Invariant($"Nodes              {summary.Nodes:N0} reachable, {summary.Ids:N0} ids, {summary.Addresses:N0} IP addresses, {summary.Networks:N0} networks"),
        Invariant($"Unreachable        {summary.Unreachable:N0} named ({summary.UnreachableShare:P1})"),
        Invariant($"Tables read whole  {summary.Complete:N0}"),
        summary.NotNodes == 0 ? null : Invariant($"Without an id      {summary.NotNodes:N0}"),
        summary.RoundTrips is not { } trip ? null
            : Invariant($"Round trip         median {trip.P50:0.#} ms, 90 % within {trip.P90:0.#} ms, 99 % within {trip.P99:0.#} ms, longest {trip.Most:0.#} ms"),
        summary.Contacts is not { } contacts ? null
            : Invariant($"Contacts per node  median {contacts.P50:N0}, from {contacts.Least:N0} to {contacts.Most:N0}"),
        !summary.Forms.Any(form => form.Form == AddressForm.Bytes) ? null
            : Invariant($"Addresses written  {string.Join(", ", summary.Forms.Where(form => form.Form != AddressForm.Unknown).Select(form => Invariant($"as {form.Form.ToString().ToLowerInvariant()} by {form.Nodes:N0}")))}"),
        $"Spread of ids      {DescribeBalance(summary.Balance)}",
        Invariant($"Duplicate ids      {summary.DuplicateIdCount:N0}{Examples(summary.DuplicateIds.Select(d => $"{d.Id} at {string.Join(", ", d.Endpoints.Take(MostExamples))}"))}"),
        Invariant($"Several ids        {summary.SeveralIdsCount:N0} nodes are named under ids not theirs{Examples(summary.SeveralIds.Select(r => r.Endpoint.ToString()))}"),
        counts.Refused == 0 ? null
            : Invariant($"Ignored            {counts.Refused:N0} contacts at addresses that no host can have, or that the node that named them cannot know"),
        counts.Overflow == 0 ? null
            : Invariant($"Beyond the bound   {counts.Overflow:N0} times a new endpoint was ignored because of --max-nodes"),
    }.OfType<string>();

    public static string DescribeBalance(PrefixBalance? balance)
    {
        if (balance is null)
        {
            return "too few nodes to tell";
        }

        var extremes = Invariant($"the fullest of {1 << balance.Bits} prefixes, {balance.Fullest}, has {balance.FullestRatio:0.0} times its share, the emptiest, {balance.Emptiest}, {balance.EmptiestRatio:0.0} times");
        return balance.Probability >= Doubt
            ? $"even: chance explains the differences; {extremes}"
            : $"uneven, more than chance explains (p = {Invariant($"{balance.Probability:0.#e+0}")}); {extremes}";
    }

    private static string Examples(IEnumerable<string> all)
    {
        var some = all.Take(MostExamples + 1).ToList();
        return some.Count == 0 ? string.Empty : $": {string.Join("; ", some.Take(MostExamples))}{(some.Count > MostExamples ? "; …" : string.Empty)}";
    }

    private static JsonNode? ToJson(Quantiles? quantiles) => quantiles is not var (least, p10, p50, p90, p99, most) ? null : JsonSerializer.SerializeToNode(
        new Quantiles(Round(least), Round(p10), Round(p50), Round(p90), Round(p99), Round(most)), JsonSerializerOptions.Web);

    private static double Round(double value) => Math.Round(value, 3);

    private static JsonObject? ToJson(PrefixBalance? balance) => balance is null ? null : new JsonObject
    {
        ["verdict"] = balance.Probability >= Doubt ? "even" : "uneven",
        ["prefixBits"] = balance.Bits,
        ["chiSquare"] = Math.Round(balance.ChiSquare, 2),
        ["probability"] = balance.Probability,
        ["fullestPrefix"] = balance.Fullest,
        ["fullestRatio"] = Math.Round(balance.FullestRatio, 3),
        ["emptiestPrefix"] = balance.Emptiest,
        ["emptiestRatio"] = Math.Round(balance.EmptiestRatio, 3),
    };
}

public static class CrawlRows
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
