namespace KadOrleans.Http;

/// <summary>Limits that are changed while the DHT runs, at <c>/v1/admin/limits</c>.</summary>
internal static class LimitApi
{
    private const string Path = "/limits";
    private const string OnePath = Path + "/{name}";

    // Silos ask for limits each 15 s.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, ListAsync)
            .WithSummary("Lists the limits that can be changed while the node or the cluster runs, and the edges that do not follow all of them yet.");
        manage.MapPut(OnePath, SetAsync)
            .WithSummary("Changes a limit. It holds in place of the setting until it is set back, after restarts too.")
            .WithDescription(
                "value: a whole number within the bounds of the list. A quota below what is held refuses further keys and removes none. "
                + "The response comes when all live edges and silos follow it, or after 16 s with those that do not.")
            .WithBody<LimitBody>(Body.MaxFieldBytes, ValueBody.Json)
            .ProducesProblem(StatusCodes.Status404NotFound);
        manage.MapDelete(OnePath, (string name, HttpContext context, IDhtAdmin admin, AuditLog audit, TimeProvider time) =>
                ChangeAsync(name, null, context, admin, audit, time))
            .WithSummary("Sets a limit back to the setting.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<LimitResult> SetAsync(string name, HttpContext context, IDhtAdmin admin, AuditLog audit, TimeProvider time)
    {
        const string Needed = """The value is missing; {"value":…} with a whole number is needed.""";
        var json = await Body.ReadJsonAsync(context, Needed, "value");
        return await ChangeAsync(name, json.Number<long>("value") ?? throw ApiProblemException.Wrong(Needed), context, admin, audit, time);
    }

    private static async Task<LimitsResult> ListAsync(IDhtAdmin admin, CancellationToken cancellationToken)
    {
        var list = await admin.GetLimitsAsync(cancellationToken);
        return new LimitsResult(
            [.. list.Limits.Select(limit => new LimitRow(
                limit.Limit.Name, limit.Limit.Unit, limit.Setting, limit.Value, limit.Since, limit.Limit.Least, limit.Most, limit.Limit.UsualOfEdges))],
            list.Missing);
    }

    private static async Task<LimitResult> ChangeAsync(
        string name, long? value, HttpContext context, IDhtAdmin admin, AuditLog audit, TimeProvider time)
    {
        var limit = Limit.Find(name) ?? throw new ApiProblemException(ProblemType.UnknownLimit, Limit.Unknown(name));
        var change = await audit.RunAsync(
            context,
            "limit",
            limit.Name,
            () => ChangeAndWaitAsync(limit.Name, value, context, admin, time),
            result => (value is { } set ? string.Create(CultureInfo.InvariantCulture, $"set to {set}") : "set back to the setting")
                + (result.Changed ? string.Empty : ", as it was") + AdminApi.Without(result.Missing));
        return new LimitResult(limit.Name, value, change.Changed, change.Missing);
    }

    // Waits for those that do not follow yet, so that the audit log says how it ended. A caller who leaves ends the wait alone.
    private static async Task<LimitChange> ChangeAndWaitAsync(string name, long? value, HttpContext context, IDhtAdmin admin, TimeProvider time)
    {
        var change = await admin.SetLimitAsync(name, value, CancellationToken.None);
        try
        {
            for (var begin = time.GetTimestamp(); change.Missing.Count > 0 && time.GetElapsedTime(begin) < LongestWait;)
            {
                await Task.Delay(Pause, time, context.RequestAborted);
                change = change with { Missing = (await admin.GetLimitsAsync(context.RequestAborted)).Missing };
            }
        }
        catch (Exception e) when (e is OperationCanceledException or DhtUnavailableException)
        {
            // The limit is changed, and the missing are those of before.
        }

        return change;
    }

    /// <summary>A request, for the document.</summary>
    private sealed record LimitBody(long Value);

    /// <summary>All limits, and the edges and the addresses of the silos that do not follow all of them yet.</summary>
    private sealed record LimitsResult(IReadOnlyList<LimitRow> Limits, IReadOnlyList<string> Missing);

    /// <summary>
    /// A limit. Setting and value are null if each edge has its own, and since is null if the setting is in force. Of bytes per second 0 is
    /// allowed too: no bound. Usual is what an edge has whose settings say nothing; null if all edges follow the cluster's.
    /// </summary>
    private sealed record LimitRow(string Name, string Unit, long? Setting, long? Value, DateTimeOffset? Since, long Least, long Most, long? Usual);

    /// <summary>A limit with its new value, null if it was set back. Silos ask for it each 15 s, edges each 10 s: missing are those that have not asked yet.</summary>
    private sealed record LimitResult(string Name, long? Value, bool Changed, IReadOnlyList<string> Missing);
}
