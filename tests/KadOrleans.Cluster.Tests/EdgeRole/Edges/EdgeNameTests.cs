namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Edges as an operator changes them.</summary>
public sealed class EdgeNameTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IDhtAdmin Admin => cluster.Admin;

    [Fact]
    public async Task A_drained_edge_stops_answering_and_has_its_ids_when_it_resumes()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "drained");
        await using var client = await Peer.ClientAsync();
        var (id, endpoint) = (edge.Ids[0], edge.Endpoints[0]);
        Assert.Equal(EdgeLeaseState.Live, (await FindAsync("drained"))!.State);

        Assert.True(await Admin.ChangeEdgeAsync("drained", EdgeAction.Drain, Token));
        Assert.False(await Admin.ChangeEdgeAsync("drained", EdgeAction.Drain, Token));

        await edge.BecomesAsync(EdgePhase.Waiting);
        Assert.False((await client.PingAsync(endpoint, Token)).Answered);
        var drained = await FindAsync("drained");
        Assert.Equal((EdgeLeaseState.Drained, id), (drained!.State, Assert.Single(drained.Ids)));
        await Eventually.ReadAsync(() => Task.FromResult(edge.Health.Obstacle), why => why == "it is drained: 'kad admin edges resume drained' ends that");

        Assert.True(await Admin.ChangeEdgeAsync("drained", EdgeAction.Resume, Token));
        await edge.BecomesAsync(EdgePhase.Serving);
        Assert.Equal(id, (await client.PingAsync(edge.Endpoints[0], Token)).Id);
    }

    [Fact]
    public async Task An_edge_whose_ids_are_rotated_serves_others()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "rotated", ("NodeIds", "2"));
        var before = edge.Ids;

        Assert.True(await Admin.ChangeEdgeAsync("rotated", EdgeAction.RotateIds, Token));

        await Eventually.ReadAsync(
            () => FindAsync("rotated"),
            known => edge.Health.State == EdgePhase.Serving && edge.Ids is { Count: 2 } ids && !ids.Intersect(before).Any() && known!.Ids.SequenceEqual(ids));
    }

    [Fact]
    public async Task A_name_is_forgotten_once_its_edge_has_stopped()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "forgotten");
        var live = await Assert.ThrowsAsync<ArgumentException>(() => Admin.ChangeEdgeAsync("forgotten", EdgeAction.Forget, Token));
        Assert.Equal("The edge 'forgotten' is live; only a name without a live edge can be forgotten: stop it first.", live.Message);
        await edge.StopAsync();
        Assert.Equal(EdgeLeaseState.Released, (await FindAsync("forgotten"))!.State);

        Assert.True(await Admin.ChangeEdgeAsync("forgotten", EdgeAction.Forget, Token));

        Assert.Null(await FindAsync("forgotten"));
    }

    [Fact]
    public async Task A_contact_of_an_edge_is_described_and_dropped_and_work_is_begun()
    {
        await using var peer = Peer.Engine();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "contacts", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.ReadAsync(() => Admin.GetContactAsync(peer.Id, Token), known => known.Count == 1);

        Assert.Equal(1, await Admin.RunAsync(DhtWork.Refresh, Token));
        Assert.Equal(1, await Admin.RunAsync(DhtWork.Walk, Token));
        Assert.Equal(16, await Admin.RunAsync(DhtWork.Republish, Token));
        Assert.Equal(16, (await Admin.GetShardsAsync(cancellationToken: Token)).Count);
        await peer.DisposeAsync();

        // It may have answered shortly before, which brings it back once.
        await Eventually.ReadAsync(DropAsync, known => known.Count == 0);

        async Task<IReadOnlyList<ContactDetails>> DropAsync()
        {
            Assert.InRange(await Admin.DropContactAsync(peer.Id, Token), 0, 1);
            return await Admin.GetContactAsync(peer.Id, Token);
        }
    }

    private async Task<EdgeDetails?> FindAsync(string name) => (await Admin.GetEdgesAsync(Token)).SingleOrDefault(edge => edge.Name == name);
}
