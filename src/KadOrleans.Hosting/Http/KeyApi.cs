using Microsoft.Net.Http.Headers;

namespace KadOrleans.Hosting;

internal static class KeyApi
{
    private const string Path = "/keys/{key}";

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
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    public static RouteHandlerBuilder DescribesGet(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("With Accept: text/plain or application/octet-stream the body is the value itself, and Kad-Type has its type.")
        .Produces<KeyResult>(StatusCodes.Status200OK, ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes)
        .Produces(StatusCodes.Status304NotModified)
        .ProducesProblem(StatusCodes.Status404NotFound);

    public static RouteHandlerBuilder DescribesPut(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("If-Match and If-None-Match are checked against the value that a get finds. Another put may come between.")
        .WithBody<TypedValue>(ValueBody.MaxBodyBytes, ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);

    public static string NotFound(RequestedKey key, GetResult result) => result.Lookup is { } lookup
        ? $"No value was found for the key '{key}': {LookupText.Describe(lookup)}"
        : $"No value was found for the key '{key}'; no lookup was made.";

    public static string NotStored(RequestedKey key, SetResult result) => IsConflict(result)
        ? $"The value of the key '{key}' was not stored: another one is published here, or lives longer."
        : $"The value of the key '{key}' was not stored: contacts that rejected it: {result.Refused}, "
        + $"did not answer: {result.Failed}{(result.Lookup is { } lookup ? $"; {LookupText.Describe(lookup)}" : ".")}";

    public static int StatusOf(SetResult result) =>
        IsConflict(result) ? StatusCodes.Status409Conflict : StatusCodes.Status503ServiceUnavailable;

    public static async Task<IResult> GetAsync(string key, string? @as, HttpContext context, IDht dht)
    {
        var requested = RequestedKey.Of(key, @as);
        context.Response.Headers.Vary = HeaderNames.Accept;
        var result = await dht.GetAsync(requested.Digest, context.RequestAborted);
        if (result.Value is not { } value)
        {
            return ApiProblem.Create(
                StatusCodes.Status404NotFound,
                NotFound(requested, result),
                new Dictionary<string, object?> { ["digest"] = requested.Digest.ToString(), ["lookup"] = LookupSummary.Of(result.Lookup) });
        }

        var tag = ValueBody.TagOf(value);
        context.Response.GetTypedHeaders().ETag = tag;
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

    public static async Task<PutResult> RespondToPutAsync(RequestedKey requested, RequestedPut put, HttpContext context, IDht dht)
    {
        var value = await ValueBody.ReadAsync(context);
        await CheckTagsAsync(requested, context, dht);
        KeyTexts.Note(context, requested);
        var result = await put.RunAsync(dht, requested.Digest, value, context.RequestAborted);
        if (!result.Succeeded)
        {
            throw new ApiProblemException(StatusOf(result), NotStored(requested, result));
        }

        context.Response.GetTypedHeaders().ETag = ValueBody.TagOf(value);
        return PutResult.Of(requested, result);
    }

    private static Task<PutResult> PutAsync(string key, string? @as, string? wait, string? life, HttpContext context, IDht dht) =>
        RespondToPutAsync(RequestedKey.Of(key, @as), RequestedPut.Parse(wait, life), context, dht);

    private static async Task<NoContent> DeleteAsync(string key, string? @as, HttpContext context, IDht dht)
    {
        var requested = RequestedKey.Of(key, @as);
        return await dht.UnpublishAsync(requested.Digest, context.RequestAborted)
            ? TypedResults.NoContent()
            : throw ApiProblemException.Missing($"The key '{requested}' is not published here.");
    }

    private static bool IsConflict(SetResult result) => result.Local == StoreResult.Outdated;

    private static async Task CheckTagsAsync(RequestedKey key, HttpContext context, IDht dht)
    {
        var headers = context.Request.GetTypedHeaders();
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
        {
            return;
        }

        var tag = (await dht.GetAsync(key.Digest, context.RequestAborted)).Value is { } held ? ValueBody.TagOf(held) : null;
        var failed = headers.IfMatch.Count > 0 && !Matches(headers.IfMatch, tag) ? "If-Match"
            : Matches(headers.IfNoneMatch, tag) ? "If-None-Match"
            : null;
        if (failed is not null)
        {
            throw new ApiProblemException(
                StatusCodes.Status412PreconditionFailed,
                $"{failed} does not hold: {(tag is null ? "no value was found" : $"the value that was found has the tag {tag}")}.");
        }
    }

    private static bool Matches(IList<EntityTagHeaderValue> tags, EntityTagHeaderValue? tag) =>
        tag is not null && tags.Any(given => given.Equals(EntityTagHeaderValue.Any) || given.Compare(tag, useStrongComparison: false));

    // Null is JSON, also for a request that accepts everything or names no type.
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
