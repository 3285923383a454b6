namespace KadOrleans.Http;

/// <summary>All values as a file of <c>kad state</c>, at <c>/v1/admin/values</c>.</summary>
internal static class TransferApi
{
    private const string Path = "/values";

    private const int MaxValues = IDhtAdmin.MaxPage;

    // 300 values of the greatest length if each byte is an escape.
    private const int MaxBodyBytes = 16 << 20;

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, ExportAsync)
            .WithSummary("Sends all values with their times and sources, as a file of kad state. A response that fails midway is cut off.")
            .WithDescription(
                $"A token has one export at a time. One that is read slower than {LeastRateStream.BytesPerSecond} bytes a second, or whose token "
                + "is removed, is cut off.")
            .Produces<string>(StatusCodes.Status200OK, ValueBody.Json);
        manage.MapPost(Path, ImportAsync)
            .WithSummary($"Stores up to {MaxValues} values of such a file with their times and sources. Of two values of a key the one stored later stays.")
            .WithBody<string>(MaxBodyBytes, ValueBody.Json)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge);
    }

    private static async Task<PushStreamHttpResult> ExportAsync(HttpContext context, IDhtAdmin admin, ExportTurns turns, TimeProvider time)
    {
        var taken = turns.Acquire(TokenAuthentication.TokenOf(context));
        context.Response.RegisterForDispose(taken);
        var values = admin.ReadValuesAsync(context.RequestAborted).GetAsyncEnumerator(context.RequestAborted);
        context.Response.RegisterForDisposeAsync(values);

        // The first value comes before the response, so that a failure has its status code.
        bool isFound;
        try
        {
            isFound = await values.MoveNextAsync();
        }
        catch
        {
            taken.Dispose();
            throw;
        }

        return TypedResults.Stream(WriteAsync, ValueBody.Json);

        // The turn ends before the response does: the caller may begin another export at once.
        async Task WriteAsync(Stream body)
        {
            using (taken)
            {
                if (!context.IsHead())
                {
                    await using var paced = new LeastRateStream(body, time, context.Abort);
                    await StateWriter.WriteAsync(paced, null, RestAsync(), context.RequestAborted);
                }
            }
        }

        async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> RestAsync()
        {
            for (; isFound; isFound = await values.MoveNextAsync())
            {
                // Else a removed token would read on for as long as the store lasts.
                if (!TokenAuthentication.StillAllows(context))
                {
                    context.Abort();
                    throw new OperationCanceledException("The token that asked for the export is refused now.");
                }

                yield return values.Current;
            }
        }
    }

    private static async Task<ImportResult> ImportAsync(HttpContext context, IDhtAdmin admin, TimeProvider time, AuditLog audit, TokenRates rates)
    {
        using var body = new MemoryStream(await Body.ReadAsync(context));
        var values = Read(body);
        rates.ChargeParts(context, values.Count);
        var importer = new StateImporter(some => admin.ImportAsync(some, CancellationToken.None), MaxValues, time);
        return await audit.RunAsync(
            context,
            "import",
            string.Create(CultureInfo.InvariantCulture, $"{values.Count} values"),
            async () => await importer.ImportAsync(values, CancellationToken.None)
                ? importer.Result
                : throw new DhtUnavailableException("The storage failed or a shard did not respond; a part was imported. Import again."),
            static result => $"imported {result.Imported}, {result.Expired} expired, {result.Older} older, {result.Refused} refused");
    }

    private static List<KeyValuePair<NodeId, StoredValue>> Read(Stream body)
    {
        try
        {
            var values = new StateReader(body, "body").ReadValues().Take(MaxValues + 1).ToList();
            return values.Count <= MaxValues
                ? values
                : throw ApiProblemException.Wrong($"The body has more than {MaxValues} values, the most allowed in a request.");
        }
        catch (StateFileException e)
        {
            throw ApiProblemException.Wrong(e.Message);
        }
    }
}
