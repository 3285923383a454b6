using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Hosting.Results;
using KadOrleans.Http.Access;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>One key: get, put, delete.</summary>
internal static class KeyApi
{
    private const string Path = "/keys/{key}";

    /// <summary>Adds the endpoints to the group of the API.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet(Path, GetAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
            .WithSummary("Gets the value of a key: the one held here if it can be trusted, else the network's.")
            .DescribesGet();
        api.MapPut(Path, PutAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Write))
            .WithSummary("Stores a value and publishes it again each day; with a life it stores the value for so many seconds.")
            .DescribesPut();
        api.MapDelete(Path, DeleteAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Write))
            .WithSummary("Stops publishing a key. Copies in the network stay until they expire.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Describes an endpoint that is a get.</summary>
    public static RouteHandlerBuilder DescribesGet(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("With Accept: text/plain or application/octet-stream the body is the value itself, and Kad-Type has its type.")
        .Produces<KeyResult>(StatusCodes.Status200OK, ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes)
        .Produces(StatusCodes.Status304NotModified)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>Describes an endpoint that is a put.</summary>
    public static RouteHandlerBuilder DescribesPut(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("If-Match and If-None-Match are checked against the value that a get finds. Another put may come between.")
        .WithBody<TypedValue>(ValueBody.MaxBodyBytes, ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes)
        .Produces<PutResult>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>Why a get found nothing: how far its lookup got.</summary>
    public static string NotFound(RequestedKey key, GetResult result) => result.Lookup is { } lookup
        ? $"No value was found for the key '{VisibleText.Excerpt(key.ToString())}': {LookupText.Describe(lookup)}"
        : $"No value was found for the key '{VisibleText.Excerpt(key.ToString())}'; no lookup was made.";

    /// <summary>Why a put stored nothing.</summary>
    public static string NotStored(RequestedKey key, SetResult result) => IsConflict(result)
        ? $"The value of the key '{VisibleText.Excerpt(key.ToString())}' was not stored: another one is published here, or lives longer."
        : $"The value of the key '{VisibleText.Excerpt(key.ToString())}' was not stored: contacts that rejected it: {result.Refused}, "
        + $"did not answer: {result.Failed}{(result.Lookup is { } lookup ? $"; {LookupText.Describe(lookup)}" : ".")}";

    /// <summary>The status of a put that stored nothing.</summary>
    public static int StatusOf(SetResult result) =>
        IsConflict(result) ? StatusCodes.Status409Conflict : StatusCodes.Status503ServiceUnavailable;

    /// <summary>Responds to a get.</summary>
    public static async Task<IResult> RespondToGetAsync(RequestedKey requested, HttpContext context, IDht dht)
    {
        var result = await dht.GetAsync(requested.Digest, context.RequestAborted);
        if (result.Value is not { } value)
        {
            return ApiProblem.Create(
                StatusCodes.Status404NotFound,
                NotFound(requested, result),
                new Dictionary<string, object?> { ["digest"] = requested.Digest.ToString(), ["lookup"] = LookupSummary.Of(result.Lookup) });
        }

        var tag = ValueBody.TagOf(value);
        var headers = context.Response.GetTypedHeaders();
        headers.ETag = tag;
        headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        context.Response.Headers[ValueBody.TypeHeader] = DhtValueText.TypeName(value.Kind);
        if (Matches(context.Request.GetTypedHeaders().IfNoneMatch, tag))
        {
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        return FormOf(context.Request) switch
        {
            { } type => TypedResults.Bytes(ValueBody.ContentOf(value), type),
            null => TypedResults.Ok(KeyResult.Of(requested, value, LookupSummary.Of(result.Lookup))),
        };
    }

    /// <summary>Responds to a put.</summary>
    public static async Task<IResult> RespondToPutAsync(RequestedKey requested, RequestedPut put, HttpContext context, IDht dht)
    {
        var value = await ValueBody.ReadAsync(context.Request);
        if (await FindMismatchAsync(requested, context, dht) is { } mismatch)
        {
            return ApiProblem.Create(StatusCodes.Status412PreconditionFailed, mismatch);
        }

        var result = await put.RunAsync(dht, requested.Digest, value, context.RequestAborted);
        if (!result.Succeeded)
        {
            return ApiProblem.Create(StatusOf(result), NotStored(requested, result));
        }

        context.Response.GetTypedHeaders().ETag = ValueBody.TagOf(value);
        return TypedResults.Ok(PutResult.Of(requested, result));
    }

    // The parameters key and as are for the document; RequestedKey reads both.
    private static Task<IResult> GetAsync(string key, string? @as, HttpContext context, IDht dht) =>
        RespondToGetAsync(RequestedKey.Read(context), context, dht);

    private static Task<IResult> PutAsync(string key, string? @as, string? wait, string? life, HttpContext context, IDht dht) =>
        RespondToPutAsync(RequestedKey.Read(context), RequestedPut.Parse(wait, life), context, dht);

    private static async Task<IResult> DeleteAsync(string key, string? @as, HttpContext context, IDht dht)
    {
        var requested = RequestedKey.Read(context);
        return await dht.UnpublishAsync(requested.Digest, context.RequestAborted)
            ? TypedResults.NoContent()
            : ApiProblem.Create(
                StatusCodes.Status404NotFound, $"The key '{VisibleText.Excerpt(requested.ToString())}' is not published here.");
    }

    private static bool IsConflict(SetResult result) => result.Local == StoreResult.Outdated;

    private static async Task<string?> FindMismatchAsync(RequestedKey key, HttpContext context, IDht dht)
    {
        var headers = context.Request.GetTypedHeaders();
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
        {
            return null;
        }

        var value = (await dht.GetAsync(key.Digest, context.RequestAborted)).Value;
        var tag = value is { } held ? ValueBody.TagOf(held) : null;
        var found = tag is null ? "no value was found" : $"the value that was found has the tag {tag}";
        return headers switch
        {
            { IfMatch.Count: > 0 } when !Matches(headers.IfMatch, tag) => $"If-Match does not hold: {found}.",
            { IfNoneMatch.Count: > 0 } when Matches(headers.IfNoneMatch, tag) => $"If-None-Match does not hold: {found}.",
            _ => null,
        };
    }

    private static bool Matches(IList<EntityTagHeaderValue> tags, EntityTagHeaderValue? tag) =>
        tag is not null && tags.Any(given => given.Equals(EntityTagHeaderValue.Any) || given.Compare(tag, useStrongComparison: false));

    // Null is JSON, which is also for those who accept all or say nothing.
    private static string? FormOf(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(accepted => accepted.Quality ?? 1)
        .Select(accepted => accepted.MediaType.Value?.ToLowerInvariant())
        .FirstOrDefault(type => type is ValueBody.Json or "application/*" or "*/*" or ValueBody.PlainText or ValueBody.Bytes) switch
        {
            ValueBody.PlainText => "text/plain; charset=utf-8",
            ValueBody.Bytes => ValueBody.Bytes,
            _ => null,
        };

    /// <summary>A value with its type, for the document.</summary>
    /// <param name="Type">string, int, float, bool or bytes; without it the type in JSON.</param>
    /// <param name="Value">Text, number or boolean; bytes in hexadecimal.</param>
    private sealed record TypedValue(string? Type, System.Text.Json.Nodes.JsonNode Value);
}
