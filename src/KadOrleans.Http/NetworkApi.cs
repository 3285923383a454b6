namespace KadOrleans.Http;

/// <summary>The nodes nearest to an id, and the nodes of this DHT.</summary>
internal static class NetworkApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/nodes/{target}", async (string target, IDht dht, CancellationToken cancellationToken) =>
                NodesResult.Of(await dht.FindNodeAsync(Requested.Id("The id", target), cancellationToken)))
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
            .WithSummary("Finds the nodes nearest to an id, by a lookup.");
        api.MapGet("/status", (IDht dht, CancellationToken cancellationToken) => dht.GetStatusAsync(cancellationToken))
            .RequireAuthorization(TokenAuthentication.PolicyOf(TokenAuthentication.ReadOrView))
            .WithSummary("Describes the nodes of this DHT: one, or those of the cluster's live edges.");
    }
}

/// <summary>The nearest nodes, as <c>kad find-node --json</c> prints them.</summary>
internal sealed record NodesResult(string Target, IReadOnlyList<FoundContact> Contacts, LookupSummary Lookup)
{
    public static NodesResult Of(LookupOutcome outcome) => new(
        outcome.Target.ToString(),
        [.. outcome.Closest.Select(contact => new FoundContact(
            contact.Id.ToString(), contact.Endpoint.ToString(), contact.Id.CommonPrefixLength(outcome.Target)))],
        LookupSummary.Of(outcome)!);
}

internal sealed record FoundContact(string Id, string Endpoint, int SharedPrefixBits);
