using System.Text.Json.Nodes;
using KadOrleans.Core.Lookups;
using KadOrleans.Hosting.Results;

namespace KadOrleans.Http.Managing;

/// <summary>A lookup that is tried, with each of its queries.</summary>
internal static class LookupApi
{
    /// <summary>The most bytes of a request: a key of 1,024 characters, each an escape of six.</summary>
    private const int MaxBodyBytes = 16 << 10;

    public static void Map(RouteGroupBuilder view) => view.MapPost("/lookups", RunAsync)
        .WithSummary("Looks a target up in the network and tells each query: who was asked, who named it, what it answered and when.")
        .WithDescription("kind: node finds the nearest nodes, value a value. A target with as: digest is an id; without it is text, as a key is.")
        .WithBody<LookupBody>(MaxBodyBytes, ValueBody.Json)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

    private static async Task<LookupResult> RunAsync(HttpContext context, IDhtAdmin admin)
    {
        var json = await Body.ReadJsonAsync(context, """The body is no object; {"target":…,"kind":"node"} is needed.""");
        var target = RequestedKey.Of(json.Text("target"), json.Text("as"));
        var kind = json.Text("kind") switch
        {
            "node" => LookupKind.Node,
            "value" => LookupKind.Value,
            var other => throw ApiProblemException.Wrong($"kind is '{VisibleText.Excerpt(other ?? string.Empty)}'; node or value is allowed."),
        };
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

    /// <summary>A lookup.</summary>
    /// <param name="From">The node id that asked.</param>
    /// <param name="Target">The id that was looked for.</param>
    /// <param name="Reason">Why it ended: converged, valueFound, noContacts, nobodyAnswered, requestLimit or cancelled.</param>
    /// <param name="Sentence">The same, in words.</param>
    /// <param name="Milliseconds">How long it took.</param>
    /// <param name="Agreed">Networks whose holder gave the value.</param>
    /// <param name="Differed">Networks whose holder gave another one.</param>
    /// <param name="Value">The value that most agree on; null if none was found.</param>
    /// <param name="Closest">The ids of the nearest nodes that answered, nearest first.</param>
    /// <param name="Queries">In the order in which they were sent.</param>
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

    /// <summary>One query.</summary>
    /// <param name="Id">Who was asked.</param>
    /// <param name="Endpoint">Its address.</param>
    /// <param name="SharedPrefixBits">How many leading bits its id shares with the target.</param>
    /// <param name="NamedBy">The place in the list of the query whose response named it; null for a contact of the own table.</param>
    /// <param name="Hops">Responses that led to it: 1 for a contact of the own table.</param>
    /// <param name="SentAt">Milliseconds since the start.</param>
    /// <param name="Took">Milliseconds until the response or the timeout; null if the lookup ended before.</param>
    /// <param name="Result">contacts, value, unproved (its id), failed, unresponsive or pending.</param>
    /// <param name="Named">Contacts that the response named.</param>
    /// <param name="Value">The value that it gave; null if none.</param>
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

    /// <summary>A value of a lookup.</summary>
    /// <param name="Type">string, int, float, bool or bytes.</param>
    /// <param name="Value">Text, number or boolean; bytes in hexadecimal. Null for a float that JSON lacks: see the text.</param>
    /// <param name="Text">The value as text with every digit.</param>
    private sealed record ShownValue(string Type, JsonNode? Value, string Text)
    {
        public static ShownValue? Of(DhtValue? value) => value is { } given
            ? new ShownValue(DhtValueText.TypeName(given.Kind), ValueJson.NodeOf(given), given.ToString())
            : null;
    }
}
