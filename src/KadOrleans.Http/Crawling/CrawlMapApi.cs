using System.Text.Json.Nodes;
using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Hosting.Crawling;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http.Crawling;

/// <summary>A crawl as a map of the id space, for pictures that are looked into.</summary>
internal static class CrawlMapApi
{
    public static void Map(IEndpointRouteBuilder view) => view.MapGet("/crawls/{id}/map", ReadAsync)
        .WithSummary("Counts what a crawl found in 256 pieces of the ids that begin with a prefix, and lists the nodes there if they are few.")
        .WithDescription($"prefix: 0 to {CrawlMap.LongestPrefix} hexadecimal digits. Up to {CrawlMap.MostNodes} nodes are listed.")
        .Produces<CrawlMapResult>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> ReadAsync(string id, string? prefix, HttpContext context, IDhtAdmin admin)
    {
        var digits = prefix ?? string.Empty;
        if (digits.Length > CrawlMap.LongestPrefix || !digits.All(char.IsAsciiHexDigit))
        {
            throw ApiProblemException.Wrong(
                $"The prefix is '{VisibleText.Excerpt(digits)}'; 0 to {CrawlMap.LongestPrefix} hexadecimal digits are allowed.");
        }

        var report = await CrawlApi.FindAsync(id, context, admin);
        var map = new CrawlMap(digits);
        await foreach (var record in admin.ReadCrawlAsync(report.Id, context.RequestAborted))
        {
            map.Add(record);
        }

        return TypedResults.Ok(new CrawlMapResult(
            report.Id,
            digits.ToLowerInvariant(),
            [.. map.Reachable.Zip(map.Unreachable, (reachable, unreachable) => new CrawlPiece(reachable, unreachable))],
            map.Nodes is { } nodes ? [.. nodes.Select(CrawlRecordJson.Create)] : null));
    }

    /// <summary>A crawl's map.</summary>
    /// <param name="Id">The crawl.</param>
    /// <param name="Prefix">The first digits of the ids.</param>
    /// <param name="Cells">256 counts, by the next two digits.</param>
    /// <param name="Nodes">Rows as of the crawl's nodes, by ascending id; null if there are too many.</param>
    private sealed record CrawlMapResult(string Id, string Prefix, IReadOnlyList<CrawlPiece> Cells, IReadOnlyList<JsonObject>? Nodes);

    /// <summary>What a piece has.</summary>
    private sealed record CrawlPiece(int Reachable, int Unreachable);
}
