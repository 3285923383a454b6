using KadOrleans.Hosting.Results;
using KadOrleans.Http.Access;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KadOrleans.Http;

/// <summary>The network around: the nearest nodes, and the nodes of this DHT.</summary>
internal static class NetworkApi
{
    /// <summary>Adds the endpoints to the group of the API.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/nodes/{target}", FindAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
            .WithSummary("Finds the nodes nearest to an id, by a lookup.")
            .Produces<NodesResult>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/status", DescribeAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(TokenAuthentication.ReadOrView))
            .WithSummary("Describes the nodes of this DHT: one, or those of the cluster's live edges.")
            .Produces<StatusResult>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> FindAsync(string target, HttpContext context, IDht dht)
    {
        var id = RequestedId.Parse("The id", target);
        var outcome = await dht.FindNodeAsync(id, context.RequestAborted);
        return TypedResults.Ok(new NodesResult(
            id.ToString(),
            [.. outcome.Closest.Select(contact => new FoundContact(
                contact.Id.ToString(), contact.Endpoint.ToString(), contact.Id.CommonPrefixLength(id)))],
            LookupSummary.Of(outcome)!));
    }

    private static async Task<IResult> DescribeAsync(HttpContext context, IDht dht)
    {
        var status = await dht.GetStatusAsync(context.RequestAborted);
        return TypedResults.Ok(new StatusResult([.. status.Nodes.Select(node => new NodeResult(
            node.Name,
            [.. node.Ids.Select(id => id.ToString())],
            [.. node.Endpoints.Select(endpoint => endpoint.ToString())],
            node.Contacts,
            node.Counts))]));
    }

    /// <summary>The nearest nodes, as <c>kad find-node --json</c> prints them.</summary>
    private sealed record NodesResult(string Target, IReadOnlyList<FoundContact> Contacts, LookupSummary Lookup);

    /// <summary>A node that answered.</summary>
    private sealed record FoundContact(string Id, string Endpoint, int SharedPrefixBits);

    /// <summary>The nodes of this DHT.</summary>
    private sealed record StatusResult(IReadOnlyList<NodeResult> Nodes);

    /// <summary>One node, or one edge with its node ids.</summary>
    /// <param name="Name">The edge's name; empty for a single node.</param>
    /// <param name="Ids">Its node ids.</param>
    /// <param name="Endpoints">What it listens on.</param>
    /// <param name="Contacts">Contacts in its routing tables.</param>
    /// <param name="Counts">Counters since its start, by name.</param>
    private sealed record NodeResult(
        string Name, IReadOnlyList<string> Ids, IReadOnlyList<string> Endpoints, int Contacts, IReadOnlyDictionary<string, long> Counts);
}
