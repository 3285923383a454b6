namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeServingTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edge_leases_its_id_and_answers_ping_under_it()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "pinged");
        await using var client = await Peer.ClientAsync();
        var pong = await client.PingAsync(edge.Endpoints[0], Token);
        Assert.Equal(edge.Ids[0], pong.Id);
        Assert.Equal([$"listening udp {edge.Endpoints[0]} id {edge.Ids[0]} edge pinged"], edge.Announced);
        Assert.True(edge.Health.IsReady);
    }

    [Fact]
    public async Task A_value_stored_through_one_edge_is_found_through_another()
    {
        await using var one = await TestEdge.ServeAsync(cluster.Client, "store-1");
        await using var other = await TestEdge.ServeAsync(cluster.Client, "store-2");
        await using var client = await Peer.ClientAsync();
        await client.BootstrapAsync([one.Endpoints[0].ToString()], Token);

        // An edge that just started may be too late with its first STORE.
        await Eventually.ReadAsync(() => client.SetAsync("greeting", DhtValue.FromString("hello"), Token), set => set.Stored == 1);

        await using var reader = await Peer.ClientAsync();
        await reader.BootstrapAsync([other.Endpoints[0].ToString()], Token);
        var got = await reader.GetAsync("greeting", Token);
        Assert.Equal(DhtValue.FromString("hello"), got.Value);
    }

    [Fact]
    public async Task Several_ids_of_an_edge_each_answer_at_their_own_port()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "several", ("NodeIds", "3"));
        await using var client = await Peer.ClientAsync();
        Assert.Equal(3, edge.Ids.Distinct().Count());
        Assert.Equal(3, edge.Announced.Count);
        foreach (var (endpoint, id) in edge.Endpoints.Zip(edge.Ids))
        {
            Assert.Equal(id, (await client.PingAsync(endpoint, Token)).Id);
        }
    }

    [Fact]
    public async Task An_edge_that_finds_one_of_its_ports_taken_gives_the_others_free_until_it_has_all()
    {
        var binds = 0;
        await using var edge = await TestEdge.StartAsync(
            cluster.Client,
            "rebinds",

            // Of the second session's two ports the second is another's at first.
            endpoint => Interlocked.Increment(ref binds) == 4 ? throw new TransportException("It is taken.") : UdpTransport.Bind(endpoint),
            ("NodeIds", "2"));
        await edge.BecomesAsync(EdgePhase.Serving);
        var (ids, endpoints, epoch) = (edge.Ids, edge.Endpoints, edge.Overview.Epoch!.Value);
        await cluster.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).ReleaseAsync("rebinds", epoch);

        await Eventually.BecomesAsync(() => edge.Health.State == EdgePhase.Serving && edge.Overview.Epoch > epoch, edge.Describe);
        await using var client = await Peer.ClientAsync();
        foreach (var (endpoint, id) in endpoints.Zip(ids))
        {
            Assert.Equal(id, (await client.PingAsync(endpoint, Token)).Id);
        }

        // Two, one and the refusal, two: the next attempt had them all.
        Assert.Equal(6, binds);
    }

    [Fact]
    public async Task An_edge_joins_and_its_table_shows_who_it_met_to_others()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "joins", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts == 1, edge.Describe);
        await Eventually.BecomesAsync(() => edge.Health.IsReady, edge.Describe);

        await using var client = await Peer.ClientAsync();
        var joined = await client.BootstrapAsync([edge.Endpoints[0].ToString()], Token);
        Assert.Equal(1, joined.Joined);
        Assert.Contains(new Contact(peer.Id, peer.LocalEndpoints[0]), joined.Lookup!.Closest);
    }

    [Fact]
    public async Task An_edge_that_knows_nobody_is_not_ready_while_it_should_know_somebody()
    {
        await using var gone = await Peer.NodeAsync();
        var address = gone.LocalEndpoints[0].ToString();
        await gone.DisposeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "lonely", ("Bootstrap", address));
        Assert.False(edge.Health.IsReady);
    }

    [Fact]
    public async Task A_newcomer_leaves_the_name_to_its_live_holder_and_takes_ids_and_table_up_when_that_one_ends()
    {
        await using var peer = await Peer.NodeAsync();
        await using var older = await TestEdge.ServeAsync(
            cluster.Client, "succeeded", ("NodeIds", "2"), ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => older.Overview.Nodes.All(n => n.Contacts > 0), () => older.Overview);
        var (ids, endpoint, epoch) = (older.Ids, older.Endpoints[0], older.Overview.Epoch);

        await using var newer = await TestEdge.StartAsync(cluster.Client, "succeeded", ("NodeIds", "2"));
        await Eventually.BecomesAsync(() => newer.Health.Obstacle == "another live edge uses the name succeeded", () => newer.Health.Obstacle);
        Assert.Equal((EdgePhase.Serving, EdgePhase.Waiting), (older.Health.State, newer.Health.State));
        Assert.Equal(epoch, older.Overview.Epoch);

        await older.StopAsync();
        await newer.BecomesAsync(EdgePhase.Serving);
        Assert.Equal(ids, newer.Ids);
        Assert.All(newer.Overview.Nodes, n => Assert.NotEqual(0, n.Contacts));
        await using var client = await Peer.ClientAsync();
        Assert.Equal(ids[0], (await client.PingAsync(newer.Endpoints[0], Token)).Id);
        Assert.False((await client.PingAsync(endpoint, Token)).Answered);
    }

    [Fact]
    public async Task An_edge_whose_name_was_leased_to_another_stops_serving()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "robbed");
        var endpoint = edge.Endpoints[0];
        var other = new EdgeObserver();
        var directory = cluster.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        await directory.LeaseAsync("robbed", 1, cluster.Client.CreateObjectReference<IEdgeObserver>(other));

        await edge.Health.LeaseLost.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((EdgePhase.LeaseLost, false), (edge.Health.State, edge.Health.IsReady));
        await using var client = await Peer.ClientAsync();
        Assert.False((await client.PingAsync(endpoint, Token)).Answered);
        GC.KeepAlive(other);
    }

    [Fact]
    public async Task A_graceful_stop_hands_the_lease_back_and_keeps_the_ids_for_the_name()
    {
        var edge = await TestEdge.ServeAsync(cluster.Client, "graceful");
        await using var stopping = edge;
        var (ids, epoch) = (edge.Ids, edge.Overview.Epoch);
        Assert.Contains(await LiveAsync(), e => e.Name == "graceful");
        await edge.StopAsync();
        Assert.Equal(EdgePhase.Stopped, edge.Health.State);
        Assert.DoesNotContain(await LiveAsync(), e => e.Name == "graceful");

        await using var again = await TestEdge.ServeAsync(cluster.Client, "graceful");
        Assert.Equal(ids, again.Ids);
        Assert.Equal(epoch + 1, again.Overview.Epoch);
    }

    [Fact]
    public async Task Grains_reach_the_network_through_an_edge()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "reached", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => edge.Health.IsReady, edge.Describe);
        var observer = (await LiveAsync()).Single(e => e.Name == "reached").Observer;
        var key = NodeId.FromKey("through an edge");

        Assert.Equal(peer.Id, (await observer.PingAsync(peer.LocalEndpoints[0])).Id);
        var found = await observer.FindNodeAsync(key, TestContext.Current.CancellationToken);
        Assert.Equal([new Contact(peer.Id, peer.LocalEndpoints[0])], found.Closest);
        var set = await observer.SetAsync(key, DhtValue.FromInteger(7));
        Assert.Equal((1, null), (set.Stored, set.Local));
        Assert.Equal(DhtValue.FromInteger(7), (await observer.GetAsync(key, TestContext.Current.CancellationToken)).Value);
        Assert.Equal(TerminationReason.ValueFound, (await observer.GetAsync(key, TestContext.Current.CancellationToken)).Lookup!.Reason);

        // Only the peer holds it: the cluster's own copy is the caller's affair.
        var shard = cluster.Client.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, 4));
        Assert.Equal([null], await shard.GetAsync([key]));
    }

    [Fact]
    public async Task An_edge_takes_work_for_its_own_ids_alone()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "worked");
        var observer = (await LiveAsync()).Single(e => e.Name == "worked").Observer;
        Assert.True(await observer.AcceptAsync(new RandomWalkWork(edge.Ids[0])));
        await Assert.ThrowsAsync<NoLiveEdgeException>(() => observer.AcceptAsync(new RandomWalkWork(NodeId.FromKey("another's"))));
    }

    private async Task<IReadOnlyList<LiveEdge>> LiveAsync() =>
        await cluster.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetLiveAsync();
}
