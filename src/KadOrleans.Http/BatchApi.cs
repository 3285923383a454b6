using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;

namespace KadOrleans.Http;

/// <summary>Many keys in one request. Each operation has its own outcome.</summary>
internal static class BatchApi
{
    public const int MaxOperations = 256;

    private const int MaxBodyBytes = 4 << 20;
    private static readonly string[] Fields = ["op", "key", "as", "wait", "life", "ifMatch", "ifNoneMatch", "idempotencyKey", .. ValueBody.Fields];
    private static readonly string[] ItemPutFields = ["op", "item", "wait", "life", "expectedSeq"];
    private static readonly string[] ItemGetFields = ["op", "item", "salt", "saltHex"];

    private const string Missing = """The operations are missing; {"operations":[{"op":"get","key":…}]} is needed.""";

    // Operations at once: each may be a lookup, which has requests of its own.
    private const int MaxParallel = 16;

    public static void Map(RouteGroupBuilder api) => api.MapPost("/keys:batch", RunAsync)
        .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
        .WithSummary("Gets, puts and deletes up to 256 keys. Operations of one key are done in their order.")
        .DescribesBatch();

    public static RouteHandlerBuilder DescribesBatch(this RouteHandlerBuilder endpoint) => endpoint
        .WithDescription("Puts and deletes need the scope write, or below /v1/admin the scope manage. All operations are checked before the first is done. One whose text is not Unicode has the status 400 in its result, and the others are done.")
        .WithBody<Batch>(MaxBodyBytes, ValueBody.Json)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge);

    public static async Task<IReadOnlyList<Operation>> ReadAsync(HttpContext context)
    {
        var json = await Body.ReadPartsAsync(context, Missing, "operations");
        if (!json.TryGetProperty("operations", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw ApiProblemException.Wrong(Missing);
        }

        return list.GetArrayLength() is 0 or > MaxOperations
            ? throw ApiProblemException.Wrong($"There are {list.GetArrayLength()} operations; 1 to {MaxOperations} are allowed.")
            : [.. list.EnumerateArray().Select((operation, place) => Operation.Read(context, operation, place))];
    }

    /// <summary>Runs operations. Those of one key are done in their order.</summary>
    public static async Task<BatchResult> RunAllAsync(IReadOnlyList<Operation> operations, HttpContext context, IDht dht)
    {
        var results = new OperationResult[operations.Count];
        var byKey = operations.Index().GroupBy(one => one.Item.Key.Digest);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = MaxParallel, CancellationToken = context.RequestAborted };
        await Parallel.ForEachAsync(byKey, parallel, async (ofKey, cancellationToken) =>
        {
            foreach (var (place, operation) in ofKey)
            {
                results[place] = await operation.RunAsync(dht, context, cancellationToken);
                if (operation.Changes && results[place].IsUnavailable)
                {
                    FailedWrites.RecordOf(context);
                }

                KeyTexts.Record(context, operation.Key);
            }
        });
        return new BatchResult(results);
    }

    private static async Task<BatchResult> RunAsync(HttpContext context, IDht dht, IAuthorizationService authorization, TokenRates rates)
    {
        var operations = await ReadAsync(context);
        if (operations.Any(operation => operation.Changes)
            && !(await authorization.AuthorizeAsync(context.User, TokenAuthentication.PolicyOf(ApiScope.Write))).Succeeded)
        {
            TokenAuthentication.DescribeLack(context.Response, ApiScope.Write);
            throw new ApiProblemException(StatusCodes.Status403Forbidden, $"Puts and deletes need the scope '{ApiScope.Write}', which the token lacks.");
        }

        rates.ChargeParts(context, operations.Count);
        return await RunAllAsync(operations, context, dht);
    }

    /// <summary>A request, for the document.</summary>
    private sealed record Batch(IReadOnlyList<OperationBody> Operations);

    /// <summary>
    /// An operation of a request, for the document: op is get, put, delete, getItem or putItem; wait, life, type and value are for puts. ifMatch, ifNoneMatch and
    /// idempotencyKey are for puts and deletes, as the headers of these names. The item of
    /// a putItem is an object as the body of PUT /v1/items, that of a getItem text as in the path of GET /v1/items/{item}.
    /// </summary>
    private sealed record OperationBody(
        string Op,
        string? Key,
        string? As,
        string? Wait,
        int? Life,
        string? IfMatch,
        string? IfNoneMatch,
        string? IdempotencyKey,
        string? Type,
        JsonNode? Value,
        JsonNode? Item,
        string? Salt,
        string? SaltHex,
        long? ExpectedSeq);

    /// <summary>The outcomes in the order of the operations.</summary>
    public sealed record BatchResult(IReadOnlyList<OperationResult> Results);

    /// <summary>The outcome of an operation.</summary>
    /// <param name="Status">As of a single request: 200, 204, 400, 404, 409, 412, 503 or 507.</param>
    /// <param name="Value">After a get that found a value.</param>
    /// <param name="Put">After a put that stored one, or an item.</param>
    /// <param name="Item">After a getItem that found one.</param>
    /// <param name="Problem">One sentence, if it failed.</param>
    /// <param name="ProblemType">The type of the problem, as a single request's.</param>
    /// <param name="Reason">Which of the cases of the type it is, as a single request's.</param>
    public sealed record OperationResult(
        int Status,
        KeyResult? Value = null,
        PutResult? Put = null,
        ItemResult? Item = null,
        string? Problem = null,
        string? ProblemType = null,
        string? Reason = null)
    {
        /// <summary>Whether the DHT was unavailable.</summary>
        [JsonIgnore]
        public bool IsUnavailable { get; init; }

        internal static OperationResult Failed(ProblemType type, string sentence) =>
            new(type.Status, Problem: VisibleText.Show(sentence), ProblemType: type.Reference);
    }

    public sealed record Operation(RequestedKey Key, bool Changes, Func<IDht, HttpContext, CancellationToken, Task<OperationResult>> Work)
    {
        public static Operation Read(HttpContext context, JsonElement json, int place)
        {
            if (!JsonText.IsUnicode(json))
            {
                return new Operation(default, false, (_, _, _) => Task.FromResult(
                    OperationResult.Failed(ProblemType.WrongRequest, $"Operation {place + 1} has {JsonText.Problem}.")));
            }

            try
            {
                if (json.ValueKind != JsonValueKind.Object)
                {
                    throw ApiProblemException.Wrong("an object is needed.");
                }

                var op = json.Text("op");
                switch (op)
                {
                    case "getItem" or "putItem":
                        return ReadItem(json, op == "putItem");
                    case not ("get" or "put" or "delete"):
                        throw ApiProblemException.Wrong(
                            $"op is '{VisibleText.Excerpt(op ?? string.Empty)}'; get, put, delete, getItem or putItem is allowed.");
                }

                KnownNames.CheckFields(json, Fields);
                var key = RequestedKey.Of(json.Text("key"), json.Text("as"));
                var conditions = TagConditions.Read(context, json);
                return op switch
                {
                    "get" when conditions is not null => throw ApiProblemException.Wrong("a get has a condition; ifMatch, ifNoneMatch and idempotencyKey are for put and delete."),
                    "get" => new Operation(key, false, (dht, _, cancellationToken) => GetAsync(dht, key, cancellationToken)),
                    "put" => Put(key, ValueBody.Read(json), RequestedPut.Parse(json.Text("wait"), Number(json, "life")), conditions),
                    _ => new Operation(
                        key, true, (dht, context, cancellationToken) => DeleteAsync(dht, key, conditions, context, cancellationToken)),
                };
            }
            catch (ApiProblemException e)
            {
                throw new ApiProblemException(e.Status, $"Operation {place + 1}: {e.Message}", e.Type) { Operation = place + 1 };
            }
        }

        /// <summary>Runs it. What a single request would have as a problem is a result, and so is a DHT that is unavailable.</summary>
        public async Task<OperationResult> RunAsync(IDht dht, HttpContext context, CancellationToken cancellationToken)
        {
            try
            {
                return await Work(dht, context, cancellationToken);
            }
            catch (ApiProblemException e) when (e.Type is { } type)
            {
                return OperationResult.Failed(type, e.Message) with { Reason = e.Reason };
            }
            catch (DhtUnavailableException e)
            {
                return OperationResult.Failed(ProblemType.Unavailable, e.Message) with { IsUnavailable = true };
            }
        }

        private static Operation ReadItem(JsonElement json, bool isPut)
        {
            KnownNames.CheckFields(json, isPut ? ItemPutFields : ItemGetFields);
            if (!isPut)
            {
                var wanted = RequestedItem.Of(json.Text("item"), json.Text("salt"), json.Text("saltHex"));
                return new Operation(new RequestedKey(wanted.Key, null), false, (dht, _, cancellationToken) => GetItemAsync(dht, wanted, cancellationToken));
            }

            if (!json.TryGetProperty("item", out var given) || given.ValueKind != JsonValueKind.Object)
            {
                throw ApiProblemException.Wrong("item is missing; an object as the body of PUT /v1/items is needed.");
            }

            KnownNames.CheckFields(given, ItemBody.Fields);
            var item = ItemBody.Read(given);
            var (put, seq) = (RequestedPut.Parse(json.Text("wait"), Number(json, "life")), ItemBody.SeqOf(json, "expectedSeq"));
            return PutOf(new RequestedKey(item.Key, null), (dht, cancellationToken) => ItemApi.StoreAsync(
                dht, item, put, seq, conditions: null, cancellationToken));
        }

        private static Operation Put(RequestedKey key, DhtValue value, RequestedPut put, TagConditions? conditions) =>
            PutOf(key, (dht, cancellationToken) => put.RunAsync(dht, key.Digest, value, conditions, cancellationToken));

        private static Operation PutOf(RequestedKey key, Func<IDht, CancellationToken, Task<SetResult>> store) =>
            new(key, true, async (dht, context, cancellationToken) =>
            {
                var result = await store(dht, cancellationToken);
                return result.Succeeded
                    ? new OperationResult(StatusCodes.Status200OK, Put: PutResult.Of(key, result))
                    : throw await KeyApi.NotStoredAsync(key, result, context.RequestServices.GetRequiredService<StoreFigureSource>());
            });

        private static async Task<OperationResult> GetAsync(IDht dht, RequestedKey key, CancellationToken cancellationToken)
        {
            var result = await dht.GetAsync(key.Digest, cancellationToken);
            return result.Value is { } value
                ? new OperationResult(StatusCodes.Status200OK, KeyResult.Of(key, value, result))
                : OperationResult.Failed(ProblemType.NoValue, KeyApi.NotFound(key, result));
        }

        private static async Task<OperationResult> GetItemAsync(IDht dht, RequestedItem wanted, CancellationToken cancellationToken)
        {
            var (item, result) = await wanted.GetAsync(dht, cancellationToken);
            return item is not null
                ? new OperationResult(StatusCodes.Status200OK, Item: ItemResult.Of(item, wanted.Key))
                : OperationResult.Failed(ProblemType.NoValue, wanted.NotFound(result));
        }

        private static async Task<OperationResult> DeleteAsync(
            IDht dht, RequestedKey key, TagConditions? conditions, HttpContext context, CancellationToken cancellationToken)
        {
            await KeyApi.RemoveAsync(key, conditions, context, dht, cancellationToken);
            return new OperationResult(StatusCodes.Status204NoContent);
        }

        private static string? Number(JsonElement json, string name) =>
            json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetRawText() : null;
    }
}
