namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeBanTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IDhtAdmin Admin => cluster.Admin;

    [Fact]
    public async Task A_banned_node_leaves_the_tables_of_all_edges_and_gets_no_response()
    {
        await using var peer = Peer.Engine();
        await using var one = await TestEdge.ServeAsync(cluster.Client, "bans-1", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await using var other = await TestEdge.ServeAsync(cluster.Client, "bans-2", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.ReadAsync(async () => await HasPeerAsync(one) && await HasPeerAsync(other), has => has);
        Assert.True((await peer.PingAsync(one.Endpoints[0], Token)).Answered);

        var change = await Admin.BanAsync(Ban.Parse(peer.Id.ToString()), Token);

        Assert.Equal((true, 0), (change.Changed, change.Missing.Count));
        foreach (var edge in new[] { one, other })
        {
            Assert.False((await peer.PingAsync(edge.Endpoints[0], Token)).Answered);
            await Eventually.ReadAsync(() => HasPeerAsync(edge), has => !has);
        }

        // One that starts later follows it from the start.
        await using var later = await TestEdge.ServeAsync(cluster.Client, "bans-3", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        Assert.False((await peer.PingAsync(later.Endpoints[0], Token)).Answered);
        await Admin.UnbanAsync(Ban.Parse(peer.Id.ToString()), Token);
        Assert.True((await peer.PingAsync(later.Endpoints[0], Token)).Answered);

        async Task<bool> HasPeerAsync(TestEdge edge) =>
            (await Admin.GetTableAsync(edge.Ids[0], Token)).Buckets.Any(bucket => bucket.Contacts.Any(contact => contact.Id == peer.Id));
    }

    [Fact]
    public async Task A_ban_of_addresses_holds_for_every_id_behind_them()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "range");
        await using var peer = Peer.Engine();
        Assert.True((await peer.PingAsync(edge.Endpoints[0], Token)).Answered);
        var ban = Ban.Parse("127.0.0.0/8");

        Assert.Empty((await Admin.BanAsync(ban, Token)).Missing);

        Assert.False((await peer.PingAsync(edge.Endpoints[0], Token)).Answered);
        Assert.True((await Admin.UnbanAsync(ban, Token)).Changed);
        Assert.True((await peer.PingAsync(edge.Endpoints[0], Token)).Answered);
    }
}
