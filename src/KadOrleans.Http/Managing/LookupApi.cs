using System.Text.Json;
using System.Text.Json.Nodes;
using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Hosting.Results;
using KadOrleans.Http.Access;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>A lookup that is tried, with each of its queries.</summary>
internal static class LookupApi
{
    /// <summary>The most bytes of a request: a key of 1,024 characters, each an escape of six.</summary>
    private const int MaxBodyBytes = 16 << 10;

    /// <summary>Adds the endpoint to the group of the management.</summary>
    public static void Map(RouteGroupBuilder admin) => admin.MapPost("/lookups", RunAsync)
        .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View))
        .WithSummary("Looks a target up in the network and tells each query: who was asked, who named it, what it answered and when.")
        .WithDescription("kind: node finds the nearest nodes, value a value. A target with as: digest is an id; without it is text, as a key is.")
        .WithBody<LookupBody>(MaxBodyBytes, ValueBody.Json)
        .Produces<LookupResult>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

    private static async Task<IResult> RunAsync(HttpContext context, IDhtAdmin admin)
    {
        var json = Body.Parse(await Body.ReadAsync(context.Request, MaxBodyBytes));
        var target = RequestedKey.Of(Text(json, "target"), Text(json, "as"));
        var kind = Text(json, "kind") switch
        {
            "node" => LookupKind.Node,
            "value" => LookupKind.Value,
            var other => throw ApiProblemException.Wrong($"kind is '{VisibleText.Excerpt(other ?? string.Empty)}'; node or value is allowed."),
        };
        return TypedResults.Ok(Describe(await admin.TraceLookupAsync(target.Digest, kind, context.RequestAborted)));
    }

    private static LookupResult Describe(LookupTrace trace) => new(
        trace.From.ToString(),
        trace.Outcome.Target.ToString(),
        JsonNamingPolicy.CamelCase.ConvertName(trace.Outcome.Reason.ToString()),
        LookupText.Describe(trace.Outcome),
        Math.Round(trace.Duration.TotalMilliseconds, 3),
        trace.Outcome.Agreed,
        trace.Outcome.Differed,
        ShownValue.Of(trace.Outcome.Value),
        [.. trace.Outcome.Closest.Select(contact => contact.Id.ToString())],
        [.. trace.Queries.Select(query => new QueryDescription(
            query.Contact.Id.ToString(),
            query.Contact.Endpoint.ToString(),
            query.Contact.Id.CommonPrefixLength(trace.Outcome.Target),
            query.NamedBy,
            query.Hops,
            Math.Round(query.SentAt.TotalMilliseconds, 3),
            query.Took is { } took ? Math.Round(took.TotalMilliseconds, 3) : null,
            JsonNamingPolicy.CamelCase.ConvertName(query.Result.ToString()),
            query.Named,
            ShownValue.Of(query.Value)))]);

    private static string? Text(JsonElement json, string name) => json.ValueKind != JsonValueKind.Object
        ? throw ApiProblemException.Wrong("""The body is no object; {"target":…,"kind":"node"} is needed.""")
        : json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    /// <summary>A request, for the document.</summary>
    /// <param name="Target">What is looked for.</param>
    /// <param name="As">text or digest: what the target is.</param>
    /// <param name="Kind">node or value.</param>
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
        string From,
        string Target,
        string Reason,
        string Sentence,
        double Milliseconds,
        int Agreed,
        int Differed,
        ShownValue? Value,
        IReadOnlyList<string> Closest,
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
        string Id,
        string Endpoint,
        int SharedPrefixBits,
        int? NamedBy,
        int Hops,
        double SentAt,
        double? Took,
        string Result,
        int Named,
        ShownValue? Value);

    /// <summary>A value of a lookup.</summary>
    /// <param name="Type">string, int, float, bool or bytes.</param>
    /// <param name="Value">Text, number or boolean; bytes in hexadecimal. Null for a float that JSON lacks: see the text.</param>
    /// <param name="Text">The value as text with every digit.</param>
    private sealed record ShownValue(string Type, JsonNode? Value, string Text)
    {
        public static ShownValue? Of(Core.Values.DhtValue? value) => value is { } given
            ? new ShownValue(Core.Values.DhtValueText.TypeName(given.Kind), ValueJson.NodeOf(given), given.ToString())
            : null;
    }
}
