using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Managing;

/// <summary>What is held, at <c>/v1/admin/usage</c>: of a cluster by shard, and by source network.</summary>
internal static class UsageApi
{
    /// <summary>Adds the endpoints to those who view.</summary>
    public static void Map(RouteGroupBuilder view)
    {
        view.MapGet("/usage", GetUsageAsync)
            .WithSummary("Counts the keys and bytes that are held here, of a cluster by shard.")
            .Produces<DhtUsage>();
        view.MapGet("/usage/sources", GetSourcesAsync)
            .WithSummary("Counts the keys and bytes that are held here by the network that stored them: those with most.")
            .WithDescription($"count: how many by keys, and how many by bytes; 1 to {IDhtAdmin.MaxSources}, {AdminApi.DefaultCount} without it.")
            .Produces<SourcesResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static async Task<Ok<DhtUsage>> GetUsageAsync(HttpContext context, IDhtAdmin admin) =>
        TypedResults.Ok(await admin.GetUsageAsync(context.RequestAborted));

    private static async Task<Ok<SourcesResult>> GetSourcesAsync(string? count, HttpContext context, IDhtAdmin admin)
    {
        var sources = await admin.GetSourcesAsync(AdminApi.ParseCount(count, IDhtAdmin.MaxSources), context.RequestAborted);
        var ranking = sources.Ranking;
        return TypedResults.Ok(new SourcesResult(
            ranking.Keys,
            ranking.Bytes,
            [.. ranking.Sources.Select(one => new SourceResult(one.Source.ToText(), one.Keys, one.Bytes))],
            new OthersResult(
                Math.Max(0, ranking.Keys - ranking.Sources.Sum(one => one.Keys)),
                Math.Max(0, ranking.Bytes - ranking.Sources.Sum(one => one.Bytes)),
                ranking.MostOtherKeys,
                ranking.MostOtherBytes),
            sources.Missing));
    }

    /// <summary>The usage by source network.</summary>
    /// <param name="Keys">Keys of all networks, expired ones included until they are removed.</param>
    /// <param name="Bytes">Footprint of their values in bytes.</param>
    /// <param name="Sources">Those with most keys and those with most bytes, most bytes first.</param>
    /// <param name="Others">All other networks together.</param>
    /// <param name="Missing">The shards that did not respond in time. They are not counted.</param>
    private sealed record SourcesResult(
        long Keys, long Bytes, IReadOnlyList<SourceResult> Sources, OthersResult Others, IReadOnlyList<long> Missing);

    /// <summary>What a network holds.</summary>
    /// <param name="Source">An IPv4 address or an IPv6 /64; trusted for what was stored here itself or by trusted sources.</param>
    /// <param name="Keys">Its keys.</param>
    /// <param name="Bytes">Footprint of their values in bytes.</param>
    private sealed record SourceResult(string Source, long Keys, long Bytes);

    /// <summary>The networks that are not listed.</summary>
    /// <param name="Keys">Their keys.</param>
    /// <param name="Bytes">Footprint of their values in bytes.</param>
    /// <param name="MostKeys">The most keys that one of them may have.</param>
    /// <param name="MostBytes">The most bytes that one of them may have.</param>
    private sealed record OthersResult(long Keys, long Bytes, long MostKeys, long MostBytes);
}
