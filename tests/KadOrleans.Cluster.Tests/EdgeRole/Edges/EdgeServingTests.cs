using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeServingTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_id_of_an_edge_is_announced_and_answers_at_its_own_port()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "several", ("NodeIds", "3"));
        await using var client = await Peer.ClientAsync();
        Assert.Equal(3, edge.Ids.Distinct().Count());
        Assert.Equal(edge.Endpoints.Zip(edge.Ids).Select(node => $"listening udp {node.First} id {node.Second} edge several"), edge.Announced);
        await AssertServesAsync(client, edge.Endpoints, edge.Ids);
    }

    [Fact]
    public async Task A_value_of_each_type_stored_through_one_edge_is_found_through_another()
    {
        await using var one = await TestEdge.ServeAsync(cluster.Client, "store-1");
        await using var other = await TestEdge.ServeAsync(cluster.Client, "store-2");
        await using var client = await Peer.JoinedAsync(one.Endpoints[0]);
        await using var reader = await Peer.JoinedAsync(other.Endpoints[0]);
        Assert.Equal(client.LocalEndpoints[0], await client.Engine.StunAsync(one.Endpoints[0]));
        DhtValue[] values =
        [
            DhtValue.FromString(new string('x', StoreRules.MaxContentLength)), DhtValue.FromInteger(DhtValue.MaxInteger),
            DhtValue.FromFloat(-0.5), DhtValue.FromBoolean(true), DhtValue.FromBytes([0, 127, 128, 255]),
        ];
        foreach (var value in values)
        {
            var key = NodeId.FromKey($"typed {value.Kind}");
            var missing = await reader.GetAsync(key, Token);
            Assert.Equal((false, 1), (missing.Found, missing.Lookup!.Answered));

            // An edge that just started may be too late with its first STORE.
            await Eventually.ReadAsync(() => client.SetAsync(key, value, Token), set => set.Stored == 1);
            Assert.Equal(value, (await Eventually.ReadAsync(() => reader.GetAsync(key, Token), got => got.Found)).Value);
        }
    }

    [Fact]
    public async Task An_edge_that_finds_one_of_its_ports_taken_gives_the_others_free_until_it_has_all()
    {
        var binds = 0;
        await using var edge = new TestEdge(cluster.Client, "rebinds", ("NodeIds", "2"))
        {
            // Of the second session's two ports the second is another's at first.
            Bind = endpoint => Interlocked.Increment(ref binds) == 4 ? throw new TransportException("It is taken.") : UdpTransport.Bind(endpoint),
        };
        await edge.StartAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        var (ids, endpoints, epoch) = (edge.Ids, edge.Endpoints, edge.Overview.Epoch!.Value);
        await cluster.Directory.ReleaseAsync("rebinds", epoch);

        await Eventually.BecomesAsync(() => edge.Health.State == EdgePhase.Serving && edge.Overview.Epoch > epoch, edge.Describe);
        await using var client = await Peer.ClientAsync();
        await AssertServesAsync(client, endpoints, ids);

        // Two, one and the refusal, two: the next attempt had them all.
        Assert.Equal(6, binds);
    }

    [Fact]
    public async Task A_newcomer_leaves_the_name_to_its_live_holder_and_takes_ids_and_table_up_when_that_one_ends()
    {
        await using var peer = await Peer.NodeAsync();
        await using var older = await TestEdge.ServeAsync(
            cluster.Client, "succeeded", ("NodeIds", "2"), ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => older.Overview.Nodes.All(n => n.Contacts > 0), () => older.Overview);
        var (ids, endpoint, epoch) = (older.Ids, older.Endpoints[0], older.Overview.Epoch);

        await using var newer = new TestEdge(cluster.Client, "succeeded", ("NodeIds", "2"));
        await newer.StartAsync();
        await newer.SaysAsync("another live edge uses the name succeeded");
        Assert.Equal((EdgePhase.Serving, EdgePhase.Waiting), (older.Health.State, newer.Health.State));
        Assert.Equal(epoch, older.Overview.Epoch);

        await older.StopAsync();
        await newer.BecomesAsync(EdgePhase.Serving);
        Assert.Equal(ids, newer.Ids);
        Assert.All(newer.Overview.Nodes, n => Assert.NotEqual(0, n.Contacts));
        await using var client = await Peer.ClientAsync();
        await AssertServesAsync(client, newer.Endpoints, ids);
        Assert.False((await client.PingAsync(endpoint, Token)).Answered);
    }

    [Fact]
    public async Task An_edge_whose_name_was_leased_to_another_stops_serving()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "robbed");
        var endpoint = edge.Endpoints[0];
        var other = new EdgeDesk();
        await cluster.Directory.LeaseAsync("robbed", 1, cluster.Client.CreateObjectReference<IEdgeDesk>(other));

        await edge.Health.LeaseLost.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((EdgePhase.LeaseLost, false), (edge.Health.State, edge.Health.IsReady));
        await using var client = await Peer.ClientAsync();
        Assert.False((await client.PingAsync(endpoint, Token)).Answered);
        GC.KeepAlive(other);
    }

    /// <summary>A stranger to those that have not renewed their lease since: what they took of it would bring deleted values back.</summary>
    [Fact]
    public async Task An_edge_that_has_just_begun_sends_no_STORE_to_another_one()
    {
        await using var one = await TestEdge.ServeAsync(cluster.Client, "was there before");
        await using var other = await TestEdge.ServeAsync(cluster.Client, "has just begun", ("Bootstrap", $"{one.Endpoints[0]}"));
        await Eventually.BecomesAsync(() => other.Overview.Nodes[0].Contacts > 0, other.Describe);
        var desk = (await cluster.Directory.GetLiveAsync()).Single(edge => edge.NodeIds.Contains(other.Ids[0])).Observer;
        var key = NodeId.FromKey("may be deleted meanwhile");
        var value = DhtValue.FromInteger(1);
        var now = DateTimeOffset.UtcNow;
        await cluster.ShardOf(key).PutAsync([new ShardPut(key, new StoredValue(value, now, now.AddHours(1), SourceNetwork.Trusted))]);

        var set = await desk.SetAsync(key, value);

        Assert.Equal(0, set.Stored + set.Refused + set.Failed);
        Assert.Contains(one.Ids[0], set.Lookup!.Closest.Select(contact => contact.Id));
        Assert.Equal(0, one.Overview.Counts["received.Store"]);
    }

    /// <summary>One that was not known to the directory since its move would be a stranger: its STOREs would move values' times.</summary>
    [Fact]
    public async Task Siblings_stay_known_while_the_directory_moves()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "has a sibling");
        var desk = new EdgeDesk();
        var sibling = await cluster.Directory.LeaseAsync("sibling", 1, cluster.Client.CreateObjectReference<IEdgeDesk>(desk));
        await Eventually.BecomesAsync(() => edge.Siblings.Contains(sibling.NodeIds[0]), edge.Describe);

        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        for (var read = 0; read < 3; read++)
        {
            var before = Reads();
            await Eventually.BecomesAsync(() => Reads() > before + 1, edge.Describe);
            Assert.True(edge.Siblings.Contains(sibling.NodeIds[0]) && edge.Siblings.Contains(edge.Ids[0]));
        }

        // It never renews, so its lease ends.
        cluster.Clock.Passed += IEdgeDirectoryGrain.LeaseDuration;
        await Eventually.BecomesAsync(() => !edge.Siblings.Contains(sibling.NodeIds[0]), edge.Describe);
        Assert.True(edge.Siblings.Contains(edge.Ids[0]));
        GC.KeepAlive(desk);

        int Reads() => cluster.Gate.Count(cluster.Directory, nameof(IEdgeDirectoryGrain.ListAsync));
    }

    [Fact]
    public async Task Grains_reach_the_network_through_an_edge_which_takes_work_for_its_own_ids_alone()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "reached", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await edge.SaysAsync(null);
        var observer = (await cluster.Directory.GetLiveAsync()).Single(e => e.Name == "reached").Observer;
        var key = NodeId.FromKey("through an edge");

        Assert.Equal(peer.Id, (await observer.PingAsync(peer.LocalEndpoints[0])).Id);
        var found = await observer.FindNodeAsync(key, Token);
        Assert.Equal([new Contact(peer.Id, peer.LocalEndpoints[0])], found.Closest);

        // It sends what the shard holds alone.
        var now = DateTimeOffset.UtcNow;
        var held = new StoredValue(DhtValue.FromInteger(7), now, now.AddDays(1), SourceNetwork.Trusted);
        Assert.Equal(StoreResult.Superseded, (await observer.SetAsync(key, held.Value)).Local);
        Assert.Equal([StoreResult.Stored], await cluster.ShardOf(key).PutAsync([new ShardPut(key, held)]));
        var set = await observer.SetAsync(key, held.Value);
        Assert.Equal((1, null), (set.Stored, set.Local));
        var got = await observer.GetAsync(key, Token);
        Assert.Equal(DhtValue.FromInteger(7), got.Value);
        Assert.Equal(TerminationReason.ValueFound, got.Lookup!.Reason);

        Assert.True(await observer.AcceptAsync(new RandomWalkWork(edge.Ids[0])));
        await Assert.ThrowsAsync<NoLiveEdgeException>(() => observer.AcceptAsync(new RandomWalkWork(NodeId.FromKey("another's"))));
    }

    private static async Task AssertServesAsync(KadNode client, IReadOnlyList<UdpEndpoint> endpoints, IReadOnlyList<NodeId> ids)
    {
        foreach (var (endpoint, id) in endpoints.Zip(ids))
        {
            Assert.Equal(id, (await client.PingAsync(endpoint, Token)).Id);
        }
    }
}
