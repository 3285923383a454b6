namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeOutageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_silos_an_edge_answers_ping_and_find_node_but_no_store_and_recovers_by_itself()
    {
        await using var cluster = new TestCluster();
        await cluster.InitializeAsync();
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(
            cluster.Client, "outlives", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => edge.Health.IsReady, edge.Describe);
        var (ids, endpoint, epoch) = (edge.Ids, edge.Endpoints[0], edge.Overview.Epoch);

        foreach (var silo in cluster.Value.Silos.ToList())
        {
            await cluster.Value.KillSiloAsync(silo, Token);
        }

        await edge.BecomesAsync(EdgePhase.CutOff);
        Assert.False(edge.Health.IsReady);
        await using (var client = await Peer.ClientAsync())
        {
            Assert.Equal(ids[0], (await client.PingAsync(endpoint, Token)).Id);

            // A response that is late on a busy machine counts as none.
            await Eventually.ReadAsync(
                () => client.BootstrapAsync([endpoint.ToString()], Token),
                joined => joined.Lookup is { } lookup && lookup.Closest.Any(contact => contact.Id == peer.Id));
            await Eventually.BecomesAsync(async () => await StoreAsync(client, "during") == (1, 1), edge.Describe);
        }

        await cluster.Value.StartAdditionalSiloAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        await Eventually.BecomesAsync(() => edge.Health.IsReady, edge.Describe);
        Assert.Equal((ids[0], endpoint, epoch), (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch));
        await using var later = await Peer.ClientAsync();
        await later.BootstrapAsync([endpoint.ToString()], Token);
        await Eventually.BecomesAsync(async () => await StoreAsync(later, "after") == (2, 0), edge.Describe);
    }

    [Fact]
    public async Task An_edge_that_starts_before_the_silos_waits_for_them()
    {
        await using var cluster = new TestCluster();
        await cluster.InitializeAsync();
        foreach (var silo in cluster.Value.Silos.ToList())
        {
            await cluster.Value.KillSiloAsync(silo, Token);
        }

        await using var edge = await TestEdge.StartAsync(cluster.Client, "early");
        Assert.Equal(EdgePhase.Waiting, edge.Health.State);
        Assert.False(edge.Health.IsReady);
        await cluster.Value.StartAdditionalSiloAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        await using var client = await Peer.ClientAsync();
        Assert.Equal(edge.Ids[0], (await client.PingAsync(edge.Endpoints[0], Token)).Id);
    }

    // Of two, the edge and the peer, which needs no silo: how many stored a value and how many did not answer.
    private static async Task<(int Stored, int Failed)> StoreAsync(KadNode client, string key)
    {
        var set = await client.SetAsync(key, DhtValue.FromInteger(1), Token);
        return (set.Stored, set.Failed);
    }
}
