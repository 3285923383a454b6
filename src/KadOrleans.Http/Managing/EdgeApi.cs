using KadOrleans.Core;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>The edges of a cluster at <c>/v1/admin/edges</c>, and the number of its shards at <c>/v1/admin/shards</c>.</summary>
internal static class EdgeApi
{
    private const string Allowed = "drain, resume, rotateIds or forget is allowed";

    /// <summary>Adds the endpoints to those who view and to those who manage.</summary>
    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet("/edges", ListAsync)
            .WithSummary("Lists the names of a cluster's edges with their leases. Empty for a node.")
            .Produces<EdgesResult>();
        manage.MapPost("/edges/{name}", ChangeAsync)
            .WithSummary("Drains or resumes an edge, gives it other node ids, or forgets its name.")
            .WithDescription($"action: {Allowed}.")
            .Produces<ChangeResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        view.MapGet("/shards", (HttpContext context, IDhtAdmin admin) => GetShardsAsync(admin, context.RequestAborted))
            .WithSummary("Tells the number of a cluster's shards, and how far a doubling is.")
            .Produces<ShardCount>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        manage.MapPost("/shards:double", DoubleAsync)
            .WithSummary("Begins to double the number of a cluster's shards. It cannot be stopped.")
            .Produces<ShardCount>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static async Task<Ok<EdgesResult>> ListAsync(HttpContext context, IDhtAdmin admin) => TypedResults.Ok(new EdgesResult(
    [
        .. (await admin.GetEdgesAsync(context.RequestAborted)).Select(edge => new EdgeResult(
            edge.Name,
            edge.State.ToString().ToLowerInvariant(),
            [.. edge.Ids.Select(id => id.ToString())],
            [.. edge.Endpoints.Select(endpoint => endpoint.ToString())],
            edge.Contacts,
            edge.Epoch,
            edge.LastSeen)),
    ]));

    private static async Task<Ok<ChangeResult>> ChangeAsync(string name, string? action, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var chosen = action switch
        {
            "drain" => EdgeAction.Drain,
            "resume" => EdgeAction.Resume,
            "rotateIds" => EdgeAction.RotateIds,
            "forget" => EdgeAction.Forget,
            _ => throw ApiProblemException.Wrong($"action is '{VisibleText.Excerpt(action ?? string.Empty)}'; {Allowed}."),
        };

        // Not cancelled with the request: it would be done by half.
        var changed = await AdminApi.CheckedAsync(() => audit.RunAsync(
            context,
            $"{action} edge",
            name,
            () => admin.ChangeEdgeAsync(name, chosen, CancellationToken.None),
            static changed => changed ? "done" : "was so already"));
        return TypedResults.Ok(new ChangeResult(name, action!, changed));
    }

    private static async Task<Ok<ShardCount>> GetShardsAsync(IDhtAdmin admin, CancellationToken cancellationToken) =>
        TypedResults.Ok(await AdminApi.CheckedAsync(() => admin.GetShardsAsync(isDoubled: false, cancellationToken)));

    private static async Task<Ok<ShardCount>> DoubleAsync(HttpContext context, IDhtAdmin admin, AuditLog audit) =>
        TypedResults.Ok(await AdminApi.CheckedAsync(() => audit.RunAsync(
            context,
            "double shards",
            "all",
            () => admin.GetShardsAsync(isDoubled: true, CancellationToken.None),
            static shards => $"begun, of {shards.Count}")));

    /// <summary>The edges.</summary>
    private sealed record EdgesResult(IReadOnlyList<EdgeResult> Edges);

    /// <summary>An edge's name.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="State">live; silent (it neither renews its lease nor handed it back); released; or drained.</param>
    /// <param name="Ids">The node ids reserved for it.</param>
    /// <param name="Endpoints">Where a live edge listens.</param>
    /// <param name="Contacts">Contacts in a live edge's tables.</param>
    /// <param name="Epoch">How many leases the name has had.</param>
    /// <param name="LastSeen">When it was known to live last, to a day.</param>
    private sealed record EdgeResult(
        string Name, string State, IReadOnlyList<string> Ids, IReadOnlyList<string> Endpoints, int Contacts, long Epoch, DateTimeOffset? LastSeen);

    /// <summary>A change of a name.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Action">What was done.</param>
    /// <param name="Changed">Whether something had to be changed.</param>
    private sealed record ChangeResult(string Name, string Action, bool Changed);
}
