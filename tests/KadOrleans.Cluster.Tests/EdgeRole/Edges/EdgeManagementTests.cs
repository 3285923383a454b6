namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeManagementTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const string Rate = "requestsPerSource";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IDhtAdmin Admin => cluster.Admin;

    private IEnumerable<ClusterLimits> Silos => cluster.Services<ClusterLimits>();

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
        await edge.SaysAsync("it is drained: 'kad admin edges resume drained' ends that");
        var running = await Assert.ThrowsAsync<ArgumentException>(() => Admin.ChangeEdgeAsync("drained", EdgeAction.Forget, Token));
        Assert.Equal(
            "The edge 'drained' runs without a lease and asks for one; only a name without a running edge can be forgotten: "
                + "stop it, and forget it 30 s later.",
            running.Message);

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
            known => edge.Health.State == EdgePhase.Serving && edge.Ids is { Count: 2 } ids && !ids.Intersect(before).Any()
                && known!.Ids.SequenceEqual(ids));
    }

    [Fact]
    public async Task An_edge_that_stopped_hands_its_lease_back_and_its_name_has_its_ids_until_it_is_forgotten()
    {
        IReadOnlyList<NodeId> ids;
        long? epoch;
        await using (var edge = await TestEdge.ServeAsync(cluster.Client, "stopped"))
        {
            (ids, epoch) = (edge.Ids, edge.Overview.Epoch);
            var live = await Assert.ThrowsAsync<ArgumentException>(() => Admin.ChangeEdgeAsync("stopped", EdgeAction.Forget, Token));
            Assert.Equal("The edge 'stopped' is live; only a name without a live edge can be forgotten: stop it first; one that was killed is live for 30 s more.", live.Message);
            await edge.StopAsync();
            Assert.Equal((EdgePhase.Stopped, EdgeLeaseState.Released), (edge.Health.State, (await FindAsync("stopped"))!.State));
        }

        await using (var again = await TestEdge.ServeAsync(cluster.Client, "stopped"))
        {
            Assert.Equal((ids[0], epoch + 1), (Assert.Single(again.Ids), again.Overview.Epoch));
        }

        Assert.True(await Admin.ChangeEdgeAsync("stopped", EdgeAction.Forget, Token));
        Assert.Null(await FindAsync("stopped"));
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

    [Fact]
    public async Task A_banned_node_leaves_the_tables_of_all_edges_and_gets_no_response()
    {
        await using var peer = Peer.Engine();
        var bootstrap = ("Bootstrap", peer.LocalEndpoints[0].ToString());
        await using var one = await TestEdge.ServeAsync(cluster.Client, "bans-1", bootstrap);
        await using var other = await TestEdge.ServeAsync(cluster.Client, "bans-2", bootstrap);
        await Eventually.ReadAsync(async () => await HasPeerAsync(one) && await HasPeerAsync(other), has => has);
        Assert.True(await AnswersAsync(one));

        var change = await Admin.BanAsync(Ban.Parse(peer.Id.ToString()), Token);

        Assert.Equal((true, 0), (change.Changed, change.Missing.Count));
        foreach (var edge in new[] { one, other })
        {
            Assert.False(await AnswersAsync(edge));
            await Eventually.ReadAsync(() => HasPeerAsync(edge), has => !has);
        }

        // One that starts later follows it from the start.
        await using var later = await TestEdge.ServeAsync(cluster.Client, "bans-3", bootstrap);
        Assert.False(await AnswersAsync(later));
        await Admin.UnbanAsync(Ban.Parse(peer.Id.ToString()), Token);
        Assert.True(await AnswersAsync(later));

        // A ban of addresses holds for every id behind them.
        var addresses = Ban.Parse("127.0.0.0/8");
        Assert.Empty((await Admin.BanAsync(addresses, Token)).Missing);
        Assert.False(await AnswersAsync(later));
        Assert.True((await Admin.UnbanAsync(addresses, Token)).Changed);
        Assert.True(await AnswersAsync(later));

        async Task<bool> AnswersAsync(TestEdge edge) => (await peer.PingAsync(edge.Endpoints[0], Token)).Answered;

        async Task<bool> HasPeerAsync(TestEdge edge) =>
            (await Admin.GetTableAsync(edge.Ids[0], Token)).Buckets.Any(bucket => bucket.Contacts.Any(contact => contact.Id == peer.Id));
    }

    [Fact]
    public async Task A_changed_rate_holds_on_all_edges_at_once_and_on_one_that_starts_later()
    {
        await using var peer = Peer.Engine();
        await using var one = await TestEdge.ServeAsync(cluster.Client, "limits-1");
        await using var other = await TestEdge.ServeAsync(cluster.Client, "limits-2");

        var change = await Admin.SetLimitAsync(Rate, 1, Token);

        Assert.True(change.Changed);
        Assert.Empty(change.Missing.Except(Silos.Select(limits => limits.Name)));

        await using var later = await TestEdge.ServeAsync(cluster.Client, "limits-3");
        foreach (var edge in new[] { one, other, later })
        {
            Assert.True(await RefusesAsync(edge, peer));
        }

        await SetAsync(Rate, null);
        foreach (var edge in new[] { one, other, later })
        {
            Assert.False(await RefusesAsync(edge, peer));
        }
    }

    [Fact]
    public async Task An_edge_that_a_change_does_not_reach_is_named_and_follows_with_its_next_renewal()
    {
        await using var peer = Peer.Engine();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "frozen");
        cluster.BeforeCall = static call =>
        {
            if (call == "IEdgeDesk.OnRulesAsync")
            {
                throw new TimeoutException("The edge does not respond.");
            }
        };
        try
        {
            Assert.Contains("frozen", (await Admin.SetLimitAsync(Rate, 1, Token)).Missing);

            await Eventually.ReadAsync(() => Admin.GetLimitsAsync(Token), limits => !limits.Missing.Contains("frozen"));
            Assert.True(await RefusesAsync(edge, peer));
        }
        finally
        {
            cluster.BeforeCall = static _ => { };
            await Admin.SetLimitAsync(Rate, null, Token);
        }
    }

    [Fact]
    public async Task A_quota_of_the_cluster_binds_what_edges_take_in()
    {
        await using var peer = Peer.Engine();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "quota", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.ReadAsync(() => peer.PingAsync(edge.Endpoints[0], Token), ping => ping.Answered);

        await SetAsync("totalKeys", 0);
        var refused = await peer.SetOnContactsAsync(NodeId.FromKey("refused"), "value", Token);
        await SetAsync("totalKeys", null);
        var stored = await peer.SetOnContactsAsync(NodeId.FromKey("stored"), "value", Token);

        Assert.Equal((0, 1), (refused.Stored, refused.Refused));
        Assert.Equal(1, stored.Stored);
    }

    private async Task<EdgeDetails?> FindAsync(string name) => (await Admin.GetEdgesAsync(Token)).SingleOrDefault(edge => edge.Name == name);

    private async Task SetAsync(string name, long? value)
    {
        await Admin.SetLimitAsync(name, value, Token);
        await Task.WhenAll(Silos.Select(limits => limits.FetchAsync().AsTask()));
        Assert.Empty((await Admin.GetLimitsAsync(Token)).Missing);
    }

    // Twenty requests at once are refused in part by a rate of one a second.
    private static async Task<bool> RefusesAsync(TestEdge edge, DhtNode peer)
    {
        var before = Refused();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => peer.PingAsync(edge.Endpoints[0], Token)));
        return Refused() > before;

        long Refused() => edge.Overview.Counts.GetValueOrDefault("refused.SourceLimit");
    }
}
