using KadOrleans.Core.Items;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>Signed items (docs/signed.md): values that their owners alone replace. What a private key signs is signed before it comes here.</summary>
internal static class ItemApi
{
    private const string Path = "/items/{item}";

    private const string Ids =
        "item: the owner's public key in 64 hexadecimal digits, with its salt as text or in saltHex; or the key of any item in 40.";

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet(Path, GetAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
            .WithSummary("Gets an owner's item with the highest number, of all that the nearest nodes hold.")
            .WithDescription($"{Ids} With Accept: application/octet-stream the body is the item as nodes carry it.")
            .Produces<FoundItem>(StatusCodes.Status200OK, ValueBody.Json, ValueBody.Bytes)
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
        api.MapPut("/items", PutAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Write))
            .WithSummary("Stores an item that its owner signed, and publishes it again each day; with a life it stores the item for so many seconds.")
            .WithDescription(
                "Bytes in JSON are in hexadecimal, the value in bencode. expectedSeq: the number of the item that it replaces (BEP 44, cas), decided "
                + "with the write, as If-Match and If-None-Match are. keep: a date until which the item, and each newer one of its owner, is kept and sent "
                + "again, for which the token needs the scope keep too.")
            .WithBody<ItemText>(ItemBody.MaxBodyBytes, ValueBody.Json, ValueBody.Bytes)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);
        api.MapGet($"{Path}/events", WatchAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
            .WithSummary("Sends an item, and each newer one that this DHT learns of, as server-sent events.")
            .WithDescription($"{Ids} Events are {WatchApi.Item}, {WatchApi.None} (there is no item any more), and {WatchApi.Heartbeat} after 15 s without another.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream");
    }

    /// <summary>Stores an item, if the one that a get finds allows it.</summary>
    public static async Task<SetResult> StoreAsync(
        IDht dht, Item item, RequestedPut put, long? expectedSeq, TagConditions? conditions, CancellationToken cancellationToken)
    {
        var value = SignedItemExtensions.ValueOf(item);
        DhtValue? found = null;
        var result = await (expectedSeq is null && conditions is null
            ? put.SetAsync(dht, item.Key, value, cancellationToken)
            : dht.SetIfFoundAsync(item.Key, value, Allow, put.Wait, put.Life, cancellationToken));
        if (result.Local == StoreResult.InvalidItem)
        {
            throw NotSigned();
        }

        if (result.Local == StoreResult.Unknown)
        {
            throw TagConditions.Unknown();
        }

        if (result.Local != StoreResult.Superseded)
        {
            return result;
        }

        throw expectedSeq is { } seq && !SignedItemExtensions.IsExpected(found, value, seq)
            ? new ApiProblemException(
                ProblemType.ConditionFailed,
                string.Create(CultureInfo.InvariantCulture, $"expectedSeq is {seq}; the item that was found has the number {ItemEnvelope.Find(found)!.Seq}."))
            : conditions!.Failed();

        // An item that is there already is stored: its number tells the write.
        bool Allow(GetResult one)
        {
            found = one.Value;
            return (expectedSeq is not { } seq || SignedItemExtensions.IsExpected(one.Value, value, seq))
                && (conditions?.Allow(one) != false || (conditions.IsMatch && one.Value == value));
        }
    }

    private static async Task<IResult> GetAsync(string item, string? salt, string? saltHex, HttpContext context, IDht dht)
    {
        var requested = RequestedItem.Of(item, salt, saltHex);
        context.Response.Headers.Vary = HeaderNames.Accept;
        var (found, result) = await requested.GetAsync(dht, context.RequestAborted);
        return found is null
            ? KeyApi.Missing(requested.Key, requested.NotFound(result), result)
            : KeyApi.Respond(context, result.Version, FormOf(context.Request), form => form == ValueBody.Bytes
                ? TypedResults.Bytes(found.Envelope, form)
                : TypedResults.Ok(new FoundItem(true, ItemResult.Of(found, requested.Key), LookupSummary.Of(result.Lookup))));
    }

    // An item has no form of text: whoever asks for that gets JSON, with the tag of JSON.
    private static string FormOf(HttpRequest request) => KeyApi.FormOf(request) == ValueBody.Bytes ? ValueBody.Bytes : ValueBody.Json;

    // Refuses to keep an item for who lacks the scope.
    private static async Task CheckKeepAsync(HttpContext context, IAuthorizationService authorization)
    {
        if (!(await authorization.AuthorizeAsync(context.User, TokenAuthentication.PolicyOf(ApiScope.Keep))).Succeeded)
        {
            TokenAuthentication.DescribeLack(context.Response, ApiScope.Keep);
            throw new ApiProblemException(
                ProblemType.MissingScope, ApiScope.LackOf(TokenAuthentication.TokenOf(context), ApiScope.Keep));
        }
    }

    private static async Task<StoredItem> PutAsync(
        string? wait,
        string? life,
        string? expectedSeq,
        string? keep,
        HttpContext context,
        IDht dht,
        IAuthorizationService authorization,
        AuditLog audit,
        TimeProvider time)
    {
        var (put, seq, conditions) = (RequestedPut.Parse(wait, life), ItemBody.SeqOf("expectedSeq", expectedSeq), TagConditions.Read(context.Request));
        if (conditions is { CallId: not 0 })
        {
            throw ApiProblemException.Wrong($"{TagConditions.KeyHeader} is set; the put of an item needs none: byte for byte it may be repeated.");
        }

        var until = KeepTime.Read(
            keep,
            time.GetUtcNow(),
            ("wait", wait is not null), ("life", life is not null), ("expectedSeq", expectedSeq is not null), ("a condition", conditions is not null));
        if (until is not null)
        {
            await CheckKeepAsync(context, authorization);
        }

        var item = await ItemBody.ReadAsync(context);
        var key = new RequestedKey(item.Key, null);
        var result = until is { } end
            ? await audit.RunAsync(
                context,
                "keep",
                item.Key.ToString(),
                () => RunAsync(KeepAsync(dht, item, end, CancellationToken.None)),
                _ => $"until {KeepTime.Show(end)}")
            : await RunAsync(StoreAsync(dht, item, put, seq, conditions, context.RequestAborted));
        KeyApi.SetTag(context, result);
        return new StoredItem(ItemResult.Of(item, item.Key), PutResult.Of(key, result), until);

        async Task<SetResult> RunAsync(Task<SetResult> store)
        {
            var stored = await store;
            return stored.Succeeded
                ? stored
                : throw await KeyApi.NotStoredAsync(key, stored, context.RequestServices.GetRequiredService<StoreFigureSource>());
        }
    }

    private static ApiProblemException NotSigned() => new(ProblemType.InvalidItem, new ItemError(ItemFault.SignatureInvalid).ToString());

    private static async Task<SetResult> KeepAsync(IDht dht, Item item, DateTimeOffset until, CancellationToken cancellationToken)
    {
        try
        {
            var result = await dht.KeepSignedAsync(item, until, cancellationToken);
            return result.Local == StoreResult.Outdated ? throw Over() : result.Local == StoreResult.InvalidItem ? throw NotSigned() : result;
        }
        catch (ArgumentOutOfRangeException)
        {
            // By the clock of the cluster, or as the time has passed since it was read.
            throw Over();
        }

        ApiProblemException Over() => ApiProblemException.Wrong(
            $"keep is {KeepTime.Show(until)}; by the clock of this node or cluster that is over, or more than {KeepRules.Longest.Days} days ahead.");
    }

    private static Task<IResult> WatchAsync(
        string item, string? salt, string? saltHex, HttpContext context, IDht dht, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        var requested = new RequestedKey(RequestedItem.Of(item, salt, saltHex).Key, null);
        return WatchApi.SendAsync(
            requested, value => ItemResult.Find(requested.Digest, value) is { } found ? (found, WatchApi.Item) : null, context, dht, time, lifetime);
    }

    /// <summary>An item, for the document. Seq is a whole number from 0, or its digits as text; one of salt and saltHex is allowed.</summary>
    private sealed record ItemText(string? PublicKey, string? Salt, string? SaltHex, long? Seq, string Value, string? Signature);
}
