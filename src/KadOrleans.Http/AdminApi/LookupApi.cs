namespace KadOrleans.Http;

/// <summary>A lookup that is tried, with each of its queries.</summary>
internal static class LookupApi
{
    /// <summary>The most bytes of a request: a key of 1,024 characters, each an escape of six.</summary>
    private const int MaxBodyBytes = 16 << 10;

    public static void Map(RouteGroupBuilder view) => view.MapPost("/lookups", RunAsync)
        .WithSummary("Looks a target up in the network and tells each query: who was asked, who named it, what it answered and when.")
        .WithDescription("kind: node finds the nearest nodes, value a value. With as: digest the target is an id, else the text of a key.")
        .WithBody<LookupBody>(MaxBodyBytes, ValueBody.Json)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

    private static async Task<LookupResult> RunAsync(HttpContext context, IDhtAdmin admin)
    {
        var json = await Body.ReadJsonAsync(context, """The body is no object; {"target":…,"kind":"node"} is needed.""", "target", "as", "kind");
        var target = RequestedKey.Of(json.Text("target"), json.Text("as"));
        var kind = Requested.Choice<LookupKind>("kind", json.Text("kind"));
        return Describe(await admin.TraceLookupAsync(target.Digest, kind, context.RequestAborted));
    }

    private static LookupResult Describe(LookupTrace trace) => new(
        trace.From,
        trace.Outcome.Target,
        trace.Outcome.Reason,
        LookupText.Describe(trace.Outcome),
        Milliseconds(trace.Duration),
        trace.Outcome.Agreed,
        trace.Outcome.Differed,
        ShownValue.Of(trace.Outcome.Value),
        [.. trace.Outcome.Closest.Select(contact => contact.Id)],
        [.. trace.Queries.Select(query => new QueryDescription(
            query.Contact.Id,
            query.Contact.Endpoint,
            query.Contact.Id.CommonPrefixLength(trace.Outcome.Target),
            query.NamedBy,
            query.Hops,
            Milliseconds(query.SentAt),
            query.Took is { } took ? Milliseconds(took) : null,
            query.Result,
            query.Named,
            ShownValue.Of(query.Value)))]);

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    /// <summary>A request, for the document.</summary>
    private sealed record LookupBody(string Target, string? As, string Kind);

    /// <summary>A <see cref="LookupTrace"/> with its times in milliseconds, and with the reason of its end in words too.</summary>
    private sealed record LookupResult(
        NodeId From,
        NodeId Target,
        TerminationReason Reason,
        string Sentence,
        double Milliseconds,
        int Agreed,
        int Differed,
        ShownValue? Value,
        IReadOnlyList<NodeId> Closest,
        IReadOnlyList<QueryDescription> Queries);

    /// <summary>A <see cref="LookupQuery"/>, and how many leading bits the id of its contact shares with the target.</summary>
    private sealed record QueryDescription(
        NodeId Id,
        UdpEndpoint Endpoint,
        int SharedPrefixBits,
        int? NamedBy,
        int Hops,
        double SentAt,
        double? Took,
        QueryResult Result,
        int Named,
        ShownValue? Value);

    /// <summary>A value, which is null for a float that JSON lacks, and its text with every digit.</summary>
    private sealed record ShownValue(string Type, JsonNode? Value, string Text)
    {
        public static ShownValue? Of(DhtValue? value) => value is { } given
            ? new ShownValue(DhtValueText.TypeName(given.Kind), ValueJson.NodeOf(given), given.ToString())
            : null;
    }
}
