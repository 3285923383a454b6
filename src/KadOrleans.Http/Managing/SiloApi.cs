using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>The silos of a cluster at <c>/v1/admin/silos</c>, and the silo of a shard or of a key.</summary>
internal static class SiloApi
{
    /// <summary>Adds the endpoints to those who view.</summary>
    public static void Map(RouteGroupBuilder view)
    {
        view.MapGet("/silos", ListAsync)
            .WithSummary("Lists a cluster's silos, also while this one is not ready. Empty for a node.")
            .Produces<SilosResult>();
        view.MapGet("/shards/{number}", GetShardAsync)
            .WithSummary("Tells the silo that a shard is active on.")
            .Produces<ShardDetails>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        view.MapGet("/keys/{key}/shard", FindShardAsync)
            .WithSummary("Tells the shard of a key, and the silo that it is active on.")
            .Produces<ShardDetails>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static async Task<Ok<SilosResult>> ListAsync(HttpContext context, IDhtAdmin admin) => TypedResults.Ok(new SilosResult(
    [
        .. (await admin.GetSilosAsync(context.RequestAborted)).Select(silo => new SiloResult(
            silo.Address,
            silo.Name,
            silo.State,
            silo.IsReady,
            silo.Reason,
            silo.Version,
            silo.ClockDifference?.TotalSeconds,
            silo.StartedAt,
            silo.LastHeard,
            silo.HasEdgeDirectory)),
    ]));

    private static async Task<Ok<ShardDetails>> GetShardAsync(string number, HttpContext context, IDhtAdmin admin)
    {
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var shard))
        {
            throw ApiProblemException.Wrong($"The shard is '{VisibleText.Excerpt(number)}'; a whole number from 0 is needed.");
        }

        return TypedResults.Ok(await AdminApi.CheckedAsync(() => admin.GetShardAsync(shard, context.RequestAborted)));
    }

    // The parameters key and as are for the document; RequestedKey reads both.
    private static async Task<Ok<ShardDetails>> FindShardAsync(string key, string? @as, HttpContext context, IDhtAdmin admin)
    {
        var requested = RequestedKey.Read(context, AdminApi.Keys);
        return TypedResults.Ok(await AdminApi.CheckedAsync(() => admin.FindShardAsync(requested.Digest, context.RequestAborted)));
    }

    /// <summary>The silos: those that are not dead by address, and behind them the last dead ones.</summary>
    private sealed record SilosResult(IReadOnlyList<SiloResult> Silos);

    /// <summary>A silo.</summary>
    /// <param name="Address">Its address, as logs name it.</param>
    /// <param name="Name">Its name; null if it is not known.</param>
    /// <param name="State">What the membership says: Active, Joining, ShuttingDown, Stopping, Dead or Created.</param>
    /// <param name="IsReady">Whether it says that it takes calls.</param>
    /// <param name="Reason">Why it is not ready, or what slows it; null if there is nothing to say.</param>
    /// <param name="Version">The release that it runs; null if it does not tell.</param>
    /// <param name="ClockDifference">By how many seconds the cluster's time is ahead of its clock; null if it does not tell.</param>
    /// <param name="StartedAt">When it started; null if it is not known.</param>
    /// <param name="LastHeard">When it was known to live last; null if it is not known.</param>
    /// <param name="HasEdgeDirectory">Whether the directory that leases node ids to edges is there.</param>
    private sealed record SiloResult(
        string Address,
        string? Name,
        string State,
        bool IsReady,
        string? Reason,
        string? Version,
        double? ClockDifference,
        DateTimeOffset? StartedAt,
        DateTimeOffset? LastHeard,
        bool HasEdgeDirectory);
}
