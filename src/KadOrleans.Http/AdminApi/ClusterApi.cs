namespace KadOrleans.Http;

/// <summary>A cluster's edges, silos and shards, at <c>/v1/admin/edges</c>, <c>/v1/admin/silos</c> and <c>/v1/admin/shards</c>.</summary>
internal static class ClusterApi
{
    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet("/edges", async (IDhtAdmin admin, CancellationToken cancellationToken) => new EdgesResult(await admin.GetEdgesAsync(cancellationToken)))
            .WithSummary("Lists the names of a cluster's edges with their leases. Empty for a node.");
        MapChange(EdgeAction.Drain, "Ends an edge's lease and gives it no other. Its ids stay reserved.");
        MapChange(EdgeAction.Resume, "Ends a drain.");
        MapChange(EdgeAction.RotateIds, "Gives an edge other node ids.");
        MapChange(EdgeAction.Forget, "Removes the name and the ids of an edge that is not live.");
        view.MapGet("/silos", async (IDhtAdmin admin, CancellationToken cancellationToken) => new SilosResult(await admin.GetSilosAsync(cancellationToken)))
            .WithSummary("Lists a cluster's silos, also while this one is not ready. Empty for a node.");
        view.MapGet("/shards", (IDhtAdmin admin, CancellationToken cancellationToken) =>
                AdminApi.CheckedAsync(() => admin.GetShardsAsync(cancellationToken)))
            .WithSummary("Tells the number of a cluster's shards, and how far a doubling is.");
        manage.MapPost("/shards:double", DoubleAsync)
            .WithSummary("Begins to double the number of a cluster's shards. It cannot be stopped.")
            .WithDescription("count: the present number. The same request made again, also after the doubling, does not double once more.")
            .WithBody<DoublingBody>(Body.MaxFieldBytes, ValueBody.Json);
        view.MapGet("/shards/{number}", GetShardAsync).WithSummary("Tells the silo that a shard is active on.");
        view.MapGet("/keys/{key}/shard", FindShardAsync).WithSummary("Tells the shard of a key, and the silo that it is active on.");

        void MapChange(EdgeAction action, string summary)
        {
            var verb = JsonNamingPolicy.CamelCase.ConvertName($"{action}");
            manage.MapPost(
                $"/edges/{{name}}:{verb}",
                async (string name, HttpContext context, IDhtAdmin admin, AuditLog audit) => new ChangeResult(name, action, await audit.RunAsync(
                    context,
                    $"{verb} edge",
                    name,
                    () => admin.ChangeEdgeAsync(name, action, CancellationToken.None),
                    static changed => changed ? "done" : "nothing to change"))).WithSummary(summary);
        }
    }

    private static async Task<ShardCount> DoubleAsync(HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        const string Needed = """The count is missing; {"count":…} with the present number of shards is needed.""";
        var json = await Body.ReadJsonAsync(context, Needed, "count");
        var count = json.Number<int>("count") ?? throw ApiProblemException.Wrong(Needed);
        return await audit.RunAsync(
            context,
            "double shards",
            "all",
            () => admin.DoubleShardsAsync(count, CancellationToken.None),
            shards => $"{(shards.Split is null ? "done" : "begun")}, from {count} to {2 * count}");
    }

    private static Task<ShardDetails> GetShardAsync(string number, IDhtAdmin admin, CancellationToken cancellationToken)
    {
        var shard = Requested.Number<int>("The shard", number, "a whole number from 0 is needed");
        return AdminApi.CheckedAsync(() => admin.GetShardAsync(shard, cancellationToken));
    }

    private static Task<ShardDetails> FindShardAsync(string key, string? @as, HttpContext context, IDhtAdmin admin)
    {
        var requested = RequestedKey.Of(key, @as);
        return AdminApi.CheckedAsync(() => admin.FindShardAsync(requested.Digest, context.RequestAborted));
    }

    /// <summary>A request, for the document.</summary>
    private sealed record DoublingBody(int Count);

    private sealed record EdgesResult(IReadOnlyList<EdgeDetails> Edges);

    /// <summary>The silos that are not dead, by address, and after them the last dead ones.</summary>
    private sealed record SilosResult(IReadOnlyList<SiloDetails> Silos);

    /// <summary>What was done to an edge, and whether something had to be changed.</summary>
    private sealed record ChangeResult(string Name, EdgeAction Action, bool Changed);
}
