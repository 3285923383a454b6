using System.Text;
using static System.FormattableString;

namespace KadOrleans.Http;

internal static class CrawlSummaryText
{
    // Only the first few duplicates are shown; the rows have all.
    private const int MostExamples = 5;

    // The probability below which the spread counts as uneven.
    private const double Doubt = 0.01;

    public static JsonObject ToJson(CrawlSummary summary, CrawlCounts counts, long datagrams, bool finished) => ResultJson.Of(new
    {
        finished,
        summary.Nodes,
        CompleteTables = summary.Complete,
        summary.Unreachable,
        UnreachableShare = Math.Round(summary.UnreachableShare, 4),
        summary.NotNodes,
        summary.Unfinished,
        summary.Ids,
        summary.Addresses,
        summary.Networks,
        RoundTripMilliseconds = Rounded(summary.RoundTrips),
        ContactsPerNode = Rounded(summary.Contacts),
        Balance = summary.Balance is not { } balance ? null : new
        {
            Verdict = VerdictOf(balance),
            PrefixBits = balance.Bits,
            ChiSquare = Math.Round(balance.ChiSquare, 2),
            balance.Probability,
            FullestPrefix = balance.Fullest,
            FullestRatio = Math.Round(balance.FullestRatio, 3),
            EmptiestPrefix = balance.Emptiest,
            EmptiestRatio = Math.Round(balance.EmptiestRatio, 3),
        },
        AddressForms = summary.Forms.ToDictionary(form => CrawlRows.Name(form.Form), form => form.Nodes),
        IdsAtSeveralEndpointsCount = summary.DuplicateIdCount,
        IdsAtSeveralEndpoints = summary.DuplicateIds.Select(d => new { Id = $"{d.Id}", Endpoints = d.Endpoints.Select(e => $"{e}") }),
        EndpointsWithSeveralIdsCount = summary.SeveralIdsCount,
        EndpointsWithSeveralIds = summary.SeveralIds.Select(r =>
            new { Endpoint = $"{r.Endpoint}", Id = $"{r.Id}", OtherIds = r.ClaimedIds.Select(id => $"{id}") }),
        RefusedContacts = counts.Refused,
        ContactsBeyondBound = counts.Overflow,
        DatagramsSent = datagrams,
    });

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
        return VerdictOf(balance) == "even"
            ? $"even: chance explains the differences; {extremes}"
            : $"uneven, more than chance explains (p = {Invariant($"{balance.Probability:0.#e+0}")}); {extremes}";
    }

    private static string Examples(IEnumerable<string> all)
    {
        var some = all.Take(MostExamples + 1).ToList();
        return some.Count == 0 ? string.Empty : $": {string.Join("; ", some.Take(MostExamples))}{(some.Count > MostExamples ? "; …" : string.Empty)}";
    }

    /// <summary>Whether ids are spread as chance spreads them, in a word; null if there are too few to tell.</summary>
    internal static string? VerdictOf(PrefixBalance? balance) => balance is null ? null : balance.Probability >= Doubt ? "even" : "uneven";

    private static Quantiles? Rounded(Quantiles? all) => all is not var (least, p10, p50, p90, p99, most)
        ? null
        : new Quantiles(Round(least), Round(p10), Round(p50), Round(p90), Round(p99), Round(most));

    private static double Round(double value) => Math.Round(value, 3);
}

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
            rows.Append(csv ? ToCsv(record) : ToJson(record).ToJsonString()).Append('\n');
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

    internal static JsonObject ToJson(CrawlRecord record) => ResultJson.Of(new
    {
        Id = record.Id?.ToString(),
        Endpoint = record.Endpoint.ToString(),
        Reachable = record.IsReachable,
        State = Name(record.State),
        RoundTripMilliseconds = Milliseconds(record),
        record.Contacts,
        Questions = record.Queries,
        Complete = record.IsComplete,
        OtherIds = record.ClaimedIds.Select(id => id.ToString()),
        AddressForm = Name(record.Form),
        Since = record.Since?.UtcDateTime,
    });

    internal static string Name(Enum value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    // No field has a comma, a quote or a line break in it.
    private static string ToCsv(CrawlRecord record) => string.Create(
        CultureInfo.InvariantCulture,
        $"{record.Id},{record.Endpoint},{Bool(record.IsReachable)},{Name(record.State)},{Milliseconds(record)},{record.Contacts},{record.Queries},{Bool(record.IsComplete)},{string.Join(' ', record.ClaimedIds)},{Name(record.Form)},{record.Since?.UtcDateTime:O}");

    private static string Bool(bool value) => value ? "true" : "false";

    private static double? Milliseconds(CrawlRecord record) =>
        record.RoundTrip is { } time ? Math.Round(time.TotalMilliseconds, 3) : null;
}
