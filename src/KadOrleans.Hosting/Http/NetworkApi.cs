namespace KadOrleans.Hosting;

/// <summary>The network around: the nearest nodes, and the nodes of this DHT.</summary>
internal static class NetworkApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/nodes/{target}", FindAsync)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Read))
            .WithSummary("Finds the nodes nearest to an id, by a lookup.");
        api.MapGet("/status", (IDht dht, CancellationToken cancellationToken) => dht.GetStatusAsync(cancellationToken))
            .RequireAuthorization(TokenAuthentication.PolicyOf(TokenAuthentication.ReadOrView))
            .WithSummary("Describes the nodes of this DHT: one, or those of the cluster's live edges.");
    }

    private static async Task<NodesResult> FindAsync(string target, IDht dht, CancellationToken cancellationToken)
    {
        var id = Requested.Id("The id", target);
        var outcome = await dht.FindNodeAsync(id, cancellationToken);
        return new NodesResult(
            id,
            [.. outcome.Closest.Select(contact => new FoundContact(contact.Id, contact.Endpoint, contact.Id.CommonPrefixLength(id)))],
            LookupSummary.Of(outcome)!);
    }

    /// <summary>The nearest nodes, as <c>kad find-node --json</c> prints them.</summary>
    private sealed record NodesResult(NodeId Target, IReadOnlyList<FoundContact> Contacts, LookupSummary Lookup);

    private sealed record FoundContact(NodeId Id, UdpEndpoint Endpoint, int SharedPrefixBits);
}
