namespace KadOrleans.Hosting;

/// <summary>A cluster's edges, silos and shards, at <c>/v1/admin/edges</c>, <c>/v1/admin/silos</c> and <c>/v1/admin/shards</c>.</summary>
internal static class ClusterApi
{
    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet("/edges", async (IDhtAdmin admin, CancellationToken cancellationToken) => new EdgesResult(await admin.GetEdgesAsync(cancellationToken)))
            .WithSummary("Lists the names of a cluster's edges with their leases. Empty for a node.");
        manage.MapPost("/edges/{name}", ChangeEdgeAsync)
            .WithSummary("Drains or resumes an edge, gives it other node ids, or forgets its name.")
            .WithDescription("action: drain, resume, rotateIds or forget is allowed.");
        view.MapGet("/silos", async (IDhtAdmin admin, CancellationToken cancellationToken) => new SilosResult(await admin.GetSilosAsync(cancellationToken)))
            .WithSummary("Lists a cluster's silos, also while this one is not ready. Empty for a node.");
        view.MapGet("/shards", (IDhtAdmin admin, CancellationToken cancellationToken) =>
                AdminApi.CheckedAsync(() => admin.GetShardsAsync(isDoubled: false, cancellationToken)))
            .WithSummary("Tells the number of a cluster's shards, and how far a doubling is.");
        manage.MapPost("/shards:double", DoubleAsync).WithSummary("Begins to double the number of a cluster's shards. It cannot be stopped.");
        view.MapGet("/shards/{number}", GetShardAsync).WithSummary("Tells the silo that a shard is active on.");
        view.MapGet("/keys/{key}/shard", FindShardAsync).WithSummary("Tells the shard of a key, and the silo that it is active on.");
    }

    private static async Task<ChangeResult> ChangeEdgeAsync(string name, string? action, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var chosen = Requested.Choice<EdgeAction>(nameof(action), action);
        return new ChangeResult(name, chosen, await audit.RunAsync(
            context,
            $"{action} edge",
            name,
            () => admin.ChangeEdgeAsync(name, chosen, CancellationToken.None),
            static changed => changed ? "done" : "nothing to change"));
    }

    private static Task<ShardCount> DoubleAsync(HttpContext context, IDhtAdmin admin, AuditLog audit) => audit.RunAsync(
        context,
        "double shards",
        "all",
        () => admin.GetShardsAsync(isDoubled: true, CancellationToken.None),
        static shards => $"begun, of {shards.Count}");

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

    private sealed record EdgesResult(IReadOnlyList<EdgeDetails> Edges);

    /// <summary>The silos that are not dead, by address, and after them the last dead ones.</summary>
    private sealed record SilosResult(IReadOnlyList<SiloDetails> Silos);

    /// <summary>What was done to an edge, and whether something had to be changed.</summary>
    private sealed record ChangeResult(string Name, EdgeAction Action, bool Changed);
}
