namespace KadOrleans.Http;

/// <summary>Gets and puts of an operator: as those of programs, with the operator's scopes, and each change is in the audit log.</summary>
internal static class ValueApi
{
    private const string Path = "/keys/{key}/value";

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, KeyApi.GetAsync).WithSummary("Gets the value of a key, as GET /v1/keys/{key} does.").DescribesGet();
        manage.MapPut(Path, PutAsync).WithSummary("Stores a value and publishes it again each day, as PUT /v1/keys/{key} does.").DescribesPut();
        manage.MapPost("/keys:batch", RunAsync).WithSummary("Gets, puts and deletes up to 256 keys, as POST /v1/keys:batch does.").DescribesBatch();
    }

    private static Task<PutResult> PutAsync(string key, string? @as, string? wait, string? life, HttpContext context, IDht dht, AuditLog audit)
    {
        var (requested, put) = (RequestedKey.Of(key, @as), RequestedPut.Parse(wait, life));
        return audit.RunAsync(
            context, "set", requested.Digest.ToString(), () => KeyApi.RespondToPutAsync(requested, put, context, dht), static _ => "stored");
    }

    private static async Task<BatchApi.BatchResult> RunAsync(HttpContext context, IDht dht, TokenRates rates, AuditLog audit)
    {
        var operations = await BatchApi.ReadAsync(context);
        rates.ChargeParts(context, operations.Count);
        return await audit.RunAsync(
            context,
            "batch",
            $"{operations.Count} operations",
            () => BatchApi.RunAllAsync(operations, context, dht),
            result => $"{result.Results.Count(one => one.Status < StatusCodes.Status300MultipleChoices)} of {operations.Count} done");
    }
}
