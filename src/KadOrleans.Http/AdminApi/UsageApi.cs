namespace KadOrleans.Http;

/// <summary>What is held, at <c>/v1/admin/usage</c>: of a cluster by shard, and by source network.</summary>
internal static class UsageApi
{
    public static void Map(RouteGroupBuilder view)
    {
        view.MapGet("/usage", (IDhtAdmin admin, CancellationToken cancellationToken) => admin.GetUsageAsync(cancellationToken))
            .WithSummary("Counts the keys and bytes that are held here, and the items that are kept for their owners; of a cluster by shard.");
        view.MapGet("/usage/sources", GetSourcesAsync)
            .WithSummary("Counts the keys and bytes that are held here by source network, for the networks with most.")
            .WithDescription($"count: how many by keys, and how many by bytes; 1 to {IDhtAdmin.MaxSources}, {Requested.DefaultCount} without it.");
    }

    private static async Task<SourcesResult> GetSourcesAsync(string? count, IDhtAdmin admin, CancellationToken cancellationToken)
    {
        var sources = await admin.GetSourcesAsync(Requested.Count(count, IDhtAdmin.MaxSources), cancellationToken);
        var ranking = sources.Ranking;
        return new SourcesResult(
            ranking.Keys,
            ranking.Bytes,
            [.. ranking.Sources.Select(one => new SourceResult(one.Source.ToText(), one.Source.IsProven, one.Keys, one.Bytes))],
            new OthersResult(
                Math.Max(0, ranking.Keys - ranking.Sources.Sum(one => one.Keys)),
                Math.Max(0, ranking.Bytes - ranking.Sources.Sum(one => one.Bytes)),
                ranking.MostOtherKeys,
                ranking.MostOtherBytes),
            sources.Missing);
    }

    /// <summary>Expired keys count too. Bytes are the footprints of keys. Shards that did not respond in time are missing, and not counted.</summary>
    private sealed record SourcesResult(
        long Keys, long Bytes, IReadOnlyList<SourceResult> Sources, OthersResult Others, IReadOnlyList<long> Missing);

    /// <summary>
    /// What an IPv4 address or an IPv6 /64 holds. Proven is what it stored with a write token; apart from it is what was only said to
    /// come from there, which others may have stored. The source <c>trusted</c> has what was set here or stored by trusted nodes.
    /// </summary>
    private sealed record SourceResult(string Source, bool Proven, long Keys, long Bytes);

    /// <summary>The networks that are not listed, and the most that one of them may have.</summary>
    private sealed record OthersResult(long Keys, long Bytes, long MostKeys, long MostBytes);
}
