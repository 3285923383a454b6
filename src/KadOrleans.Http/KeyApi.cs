using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

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
            .WithSummary("Stops publishing a key; under If-Match removes its value too. Copies in the network stay until they expire.")
            .TakesConditions()
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    public static RouteHandlerBuilder DescribesGet(this RouteHandlerBuilder endpoint) => endpoint
        .GivesTag()
        .WithDescription("With Accept: text/plain or application/octet-stream the body is the value itself, and Kad-Type has its type.")
        .Produces<KeyResult>(StatusCodes.Status200OK, ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes)
        .Produces(StatusCodes.Status304NotModified)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status412PreconditionFailed);

    public static RouteHandlerBuilder DescribesPut(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription(
            "If-Match and If-None-Match have the tags of gets, and are decided with the write, which has a tag of its own. With an Idempotency-Key "
            + "the request may be repeated: it finds its own success.")
        .WithBody<TypedValue>(ValueBody.MaxBodyBytes, ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes)
        .TakesConditions()
        .GivesTag()
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status507InsufficientStorage);

    public static string NotFound(RequestedKey key, GetResult result) => result.Lookup is { } lookup
        ? $"No value was found for the key '{key}'{LookupText.DescribeMiss(lookup)}"
        : $"No value was found for the key '{key}'; no lookup was made.";

    /// <summary>Why a set failed. A quota that is used up is named, with its figures if they can be read.</summary>
    public static async Task<ApiProblemException> NotStoredAsync(RequestedKey key, SetResult result, StoreFigureSource figures)
    {
        var what = $"The value of the key '{key}' was not stored:";
        return FindRefusal(result) is var (type, why) ? new ApiProblemException(type, $"{what} {why}") { Reason = IsBusy(result) ? ApiProblemException.Busy : null }
            : await QuotaRefusal.FindAsync(result, figures) is { } quota
            ? new ApiProblemException(ProblemType.StoreFull, $"{what} {quota.Sentence}") { Reason = quota.Reason }
            : new ApiProblemException(
                ProblemType.NotStored,
                $"{what} contacts that rejected it: {result.Refused}, did not answer: {result.Failed}"
                + (result.Lookup is { } lookup ? $"; {LookupText.Describe(lookup)}" : "."));
    }

    private static bool IsBusy(SetResult result) => result.Local == StoreResult.Busy || result.Publication == StoreResult.Busy;

    private static (ProblemType Type, string Why)? FindRefusal(SetResult result) =>
        result.Local == StoreResult.StorageFailed || result.Publication == StoreResult.StorageFailed
        ? (ProblemType.Unavailable, "the storage of this server failed, as its health and its log say, and no contact stored it.")
        : IsBusy(result)
        ? (ProblemType.Unavailable, "too many calls wait for this server's storage, or for the key, and no contact stored it.")
        : result.Local is not { } local ? null
        : local == StoreResult.Outdated ? (ProblemType.Conflict, "another one is published here, or lives longer.")
        : local == StoreResult.InvalidItem
        ? (ProblemType.InvalidItem, "it begins as a signed item does, and is none that its owner signed for this key.")
        : local == StoreResult.OlderItem
        ? (ProblemType.OlderItem, "its owner has signed a higher sequence number, or another value with this one"
            + (result.HeldSeq is { } seq ? string.Create(CultureInfo.InvariantCulture, $"; the item that is held has the number {seq}.") : "."))
        : local == StoreResult.NotOwner ? (ProblemType.NotOwner, "the key has a signed item, which its owner alone replaces.")
        : null;

    public static async Task<IResult> GetAsync(string key, string? @as, HttpContext context, IDht dht)
    {
        var requested = RequestedKey.Of(key, @as);
        context.Response.Headers.Vary = HeaderNames.Accept;
        KeyTexts.Record(context, requested);
        var result = await dht.GetAsync(requested.Digest, context.RequestAborted);
        if (result.Value is not { } value)
        {
            return Missing(requested.Digest, NotFound(requested, result), result);
        }

        context.Response.Headers[ValueBody.TypeHeader] = DhtValueText.TypeName(value.Kind);
        return Respond(context, result.Version, FormOf(context.Request), form => form switch
        {
            ValueBody.Json => TypedResults.Ok(KeyResult.Of(requested, value, result)),
            ValueBody.PlainText => TypedResults.Bytes(ValueBody.ContentOf(value), "text/plain; charset=utf-8"),
            _ => TypedResults.Bytes(ValueBody.ContentOf(value), form),
        });
    }

    /// <summary>The response to a get that found nothing.</summary>
    public static IResult Missing(NodeId key, string sentence, GetResult result) => ApiProblem.Create(
        StatusCodes.Status404NotFound,
        sentence,
        new Dictionary<string, object?> { ["digest"] = key.ToString(), ["lookup"] = LookupSummary.Of(result.Lookup) },
        ProblemType.NoValue);

    /// <summary>The response to a get that found a value, with its tag in this form, if the request's conditions hold.</summary>
    public static IResult Respond(HttpContext context, ValueVersion version, string form, Func<string, IResult> show)
    {
        var tag = ValueBody.TagOf(version, form);
        context.Response.GetTypedHeaders().ETag = tag;
        if (TagConditions.ReadMatch(context.Request) is { Count: > 0 } match && !TagConditions.Matches(match, tag, isStrong: true))
        {
            throw new ApiProblemException(ProblemType.ConditionFailed, $"If-Match does not hold: the value that was found has the tag {tag} in this form.");
        }

        return TagConditions.Matches(context.Request.GetTypedHeaders().IfNoneMatch, tag, isStrong: false)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : show(form);
    }

    public static async Task<PutResult> RespondToPutAsync(RequestedKey requested, RequestedPut put, HttpContext context, IDht dht)
    {
        var conditions = TagConditions.Read(context.Request);
        var value = await ValueBody.ReadAsync(context);
        KeyTexts.Record(context, requested);
        var result = await put.RunAsync(dht, requested.Digest, value, conditions, context.RequestAborted);
        if (!result.Succeeded)
        {
            throw await NotStoredAsync(requested, result, context.RequestServices.GetRequiredService<StoreFigureSource>());
        }

        SetTag(context, result);
        return PutResult.Of(requested, result);
    }

    /// <summary>Adds the tag of what was stored, in the form that was sent; none if a lookup alone would find it.</summary>
    public static void SetTag(HttpContext context, SetResult result)
    {
        if (!result.Version.IsNothing)
        {
            context.Response.GetTypedHeaders().ETag = ValueBody.TagOf(result.Version, ValueBody.TypeOf(context.Request)!);
        }
    }

    private static Task<PutResult> PutAsync(string key, string? @as, string? wait, string? life, HttpContext context, IDht dht) =>
        RespondToPutAsync(RequestedKey.Of(key, @as), RequestedPut.Parse(wait, life), context, dht);

    private static async Task<NoContent> DeleteAsync(string key, string? @as, HttpContext context, IDht dht)
    {
        var requested = RequestedKey.Of(key, @as);
        await RemoveAsync(requested, TagConditions.Read(context.Request), context, dht, context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>Ends the publication of a key, and the keeping of its item. Under conditions it also removes the value.</summary>
    /// <exception cref="ApiProblemException">The key is not published here, or the conditions do not hold.</exception>
    public static async Task RemoveAsync(
        RequestedKey key, TagConditions? conditions, HttpContext context, IDht dht, CancellationToken cancellationToken)
    {
        if (conditions is not null)
        {
            await EndAsync(key, context, () => RemoveIfAsync(key, conditions, dht, cancellationToken), cancellationToken);
        }
        else if (!await EndAsync(key, context, () => dht.UnpublishAsync(key.Digest, cancellationToken), cancellationToken))
        {
            throw new ApiProblemException(ProblemType.NotPublished, $"The key '{key}' is not published here.");
        }
    }

    private static async Task<bool> RemoveIfAsync(RequestedKey key, TagConditions conditions, IDht dht, CancellationToken cancellationToken)
    {
        conditions.ThrowIfNothingIsWanted();

        // Where several versions may be removed, or some may not, it is the one that a get finds.
        var expected = conditions.Expected;
        if (expected is null)
        {
            var found = await dht.GetAsync(key.Digest, cancellationToken);
            expected = conditions.Allow(found) ? found.Version : throw conditions.Failed();
            if (found.Version.IsNothing)
            {
                throw new ApiProblemException(ProblemType.NoValue, NotFound(key, found));
            }
        }

        var deleted = expected is { IsNothing: false } version
            ? await dht.DeleteIfAsync(key.Digest, version, conditions.CallId, cancellationToken)
            : DeleteResult.Superseded;
        return deleted switch
        {
            DeleteResult.Deleted => true,
            DeleteResult.Superseded => throw conditions.Failed(),
            DeleteResult.Unknown => throw TagConditions.Unknown(),
        };
    }

    // That an item is kept no longer is in the audit log.
    private static async Task<bool> EndAsync(RequestedKey key, HttpContext context, Func<Task<bool>> end, CancellationToken cancellationToken) =>
        context.RequestServices.GetService<IDhtAdmin>() is { } admin
        && await admin.FindKeptAsync(key.Digest, cancellationToken) is { } until
            ? await context.RequestServices.GetRequiredService<AuditLog>().RunAsync(
                context,
                "end keeping",
                key.Digest.ToString(),
                end,
                ended => ended ? $"was kept until {KeepTime.Show(until)}" : "was kept no longer")
            : await end();

    // JSON also for a request that accepts everything or names no type.
    public static string FormOf(HttpRequest request) => request.GetTypedHeaders().Accept
        .OrderByDescending(accepted => accepted.Quality ?? 1)
        .Select(accepted => accepted.MediaType.Value?.ToLowerInvariant())
        .FirstOrDefault(type => type is ValueBody.Json or "application/*" or "*/*" or ValueBody.PlainText or ValueBody.Bytes) switch
    {
        ValueBody.PlainText => ValueBody.PlainText,
        ValueBody.Bytes => ValueBody.Bytes,
        _ => ValueBody.Json,
    };

    /// <summary>A value with its type, for the document.</summary>
    /// <param name="Value">Text, number or boolean; bytes in hexadecimal.</param>
    /// <param name="Type">string, int, float, bool or bytes; without it the type in JSON.</param>
    private sealed record TypedValue(System.Text.Json.Nodes.JsonNode Value, string? Type = null);
}
