namespace KadOrleans.Tests.Node;

public sealed class LifecycleTests
{
    private readonly SimulatedWorld _world = new(seed: 30);

    [Fact]
    public void Everybody_who_stops_a_node_waits_until_it_has_acknowledged_what_it_accepted_and_stopped() => _world.Run(async () =>
    {
        var release = new TaskCompletionSource();
        var store = new ScriptedStore { BeforePut = () => release.Task };
        var node = await _world.StartAsync(options => options.Trust.Add("11.0.0.0/8"), store);
        var peer = _world.AddPeer();
        var request = new StoreRequest(default, NodeId.Random(_world.Random), DhtValue.FromInteger(1));
        peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), request);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Task[] stops = [.. Stops(node).Concat(Stops(node))];
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.All(stops, stop => Assert.False(stop.IsCompleted));
        Assert.False(store.IsDisposed);
        release.SetResult();
        await Task.WhenAll(stops);

        Assert.True(store.IsDisposed);
        await Task.WhenAll(Stops(node));
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Single(peer.Responses);

        static IEnumerable<Task> Stops(KadNode node) => [node.DisposeAsync().AsTask(), node.Engine.DisposeAsync().AsTask()];
    });

    [Fact]
    public void Whoever_waits_for_a_request_may_stop_the_node_that_gives_it_up() => _world.Run(async () =>
    {
        var node = await _world.StartAsync();
        var asking = AskAndStopAsync(_world.AddPeer().Endpoint);

        await node.DisposeAsync();

        Assert.Equal(RequestFailure.Cancelled, await asking);

        async Task<RequestFailure?> AskAndStopAsync(UdpEndpoint endpoint)
        {
            var ping = await node.PingAsync(endpoint);
            await node.DisposeAsync();
            return ping.Failure;
        }
    });

    [Fact]
    public void A_node_that_was_away_for_ten_days_believes_who_answers_still_and_has_a_full_and_correct_table_soon() => _world.Run(async () =>
    {
        const int Others = 59;
        await _world.StartNetworkAsync(1 + Others, Without.Walks);
        var node = _world.Nodes[5];
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        var (id, contacts) = (node.Id, node.Node.RoutingTable.Contacts);
        Assert.InRange(contacts.Count, 40, Others);
        await node.StopAsync();
        for (var i = 0; i < Others * 80 / 100; i++)
        {
            await _world.Nodes[_world.Random.Next(Others / 5)].StopAsync();
            await _world.StartNetworkAsync(1, Without.Walks);
        }

        await _world.PassAsync(TimeSpan.FromHours(3));
        _world.Clock.MoveTo(_world.Clock.Elapsed + TimeSpan.FromDays(10));
        await node.StartAsync();
        Assert.Equal(id, node.Id);
        Assert.Empty(node.Node.RoutingTable.Contacts);
        await node.Node.JoinAsync();
        Assert.Subset(_world.Nodes.Select(live => live.Contact).ToHashSet(), node.Node.RoutingTable.Contacts.ToHashSet());
        await _world.PassAsync(TimeSpan.FromMinutes(10));

        Assert.NotEmpty(node.Node.RoutingTable.Contacts.Intersect(contacts));
        Assert.Empty(await TableTruth.FindFaultsAsync(node.Node, _world.Nodes, bucketSize: 20));
    });

    [Fact]
    public void Contacts_are_saved_soon_after_they_changed() => _world.Run(async () =>
    {
        var states = new InMemoryNodeStateStore();
        await using var node = await _world.StartAsync(states: states);
        var peer = _world.AddAnsweringPeer();
        await node.PingAsync(peer.Endpoint);

        await _world.PassAsync(TimeSpan.FromSeconds(11));

        Assert.Equal([peer.Contact], (await states.LoadAsync())!.Contacts);
    });

    [Fact]
    public void A_table_that_is_larger_than_what_is_saved_does_not_push_out_the_contacts_that_it_lost() => _world.Run(async () =>
    {
        var states = new InMemoryNodeStateStore();
        var options = new KadNodeOptions { Kademlia = new KademliaOptions { BucketSize = 64, SplitDepth = 16 } };
        await using var node = new KadNode(options, _world.Network.Bind(), new InMemoryKeyStore(options.Quota), states, _world.Environment)
        {
            CreateTable = id => new LocalRoutingTable(id, options.Kademlia, new SubnetDiversity(), _world.Clock),
        };
        await node.StartAsync();
        List<Contact> lost = [.. Enumerable.Range(0, 40).Select(_ => _world.AddAnsweringPeer().Contact)];
        foreach (var contact in lost)
        {
            node.Engine.Table.Observe(ContactObservation.Answered(contact));
            node.Engine.Table.Observe(ContactObservation.Failed(contact));
        }

        await _world.PassAsync(TimeSpan.FromSeconds(10));
        lost.ForEach(contact => node.Engine.Table.Observe(ContactObservation.Failed(contact)));
        for (var i = 0; i < 5_000; i++)
        {
            node.Engine.Table.Observe(ContactObservation.Answered(_world.AddPeer().Contact));
        }

        Assert.True(node.RoutingTable.Count > 1_000);
        await node.SaveStateAsync();
        var saved = (await states.LoadAsync())!;
        Assert.Equal(1_000, saved.Contacts.Count);
        Assert.Equal(node.Engine.Nearest(node.Id, 960), saved.Contacts.Take(960));
        Assert.Equal(lost, saved.Contacts.Skip(960));
        Assert.Equal(lost, saved.Known.Where(known => known.IsFormer).Select(known => known.Contact));
    });

    [Fact]
    public void A_restart_changes_nothing_of_what_is_known_of_lost_contacts_and_brings_back_none_that_was_dropped() => _world.Run(async () =>
    {
        var states = new InMemoryNodeStateStore();
        var peers = Enumerable.Range(0, 3).Select(_ => _world.AddAnsweringPeer()).ToList();
        var first = await _world.StartAsync(Without.Walks, states: states);
        foreach (var minutes in (int[])[0, 30])
        {
            await _world.PassAsync(TimeSpan.FromMinutes(minutes));
            peers.ForEach(peer => first.Engine.Table.Observe(ContactObservation.Answered(peer.Contact)));
        }

        foreach (var peer in peers)
        {
            peer.OnRequest = (_, _, _) => 0;
            Fail(peer);
            await _world.PassAsync(TimeSpan.FromSeconds(10));
            Fail(peer);
        }

        var former = await FormerAsync(first);
        Assert.Equal(peers.Select(peer => peer.Contact).OrderBy(contact => contact.Id), former.Select(known => known.Contact));
        Assert.All(former, known => Assert.Equal(TimeSpan.FromMinutes(30), known.LastSeen - known.FirstSeen));
        await _world.PassAsync(TimeSpan.FromMinutes(5));
        await first.DisposeAsync();
        await _world.PassAsync(TimeSpan.FromHours(5));

        var second = await _world.StartAsync(Without.Walks, states: states);
        Assert.Equal(former, await FormerAsync(second));
        Assert.True(second.Engine.HasHadContacts);
        foreach (var peer in peers)
        {
            Assert.True(Assert.Single(await second.Admin.GetContactAsync(peer.Id)).Known.IsFormer);
            Assert.Equal(1, await second.Admin.DropContactAsync(peer.Id));
            Assert.Equal(0, await second.Admin.DropContactAsync(peer.Id));
        }

        Assert.False(second.Engine.HasHadContacts);
        await second.DisposeAsync();
        await using var third = await _world.StartAsync(Without.Walks, states: states);
        Assert.Empty(await FormerAsync(third));
        Assert.Empty((await states.LoadAsync())!.Contacts);

        void Fail(RawPeer peer) => first.Engine.Table.Observe(ContactObservation.Failed(peer.Contact));

        static async Task<IReadOnlyList<KnownContact>> FormerAsync(KadNode node) =>
            [.. (await node.Admin.GetTableAsync()).Former.OrderBy(known => known.Contact.Id)];
    });

    [Fact]
    public void An_outage_does_not_lose_the_saved_contacts() => _world.Run(async () =>
    {
        var states = new InMemoryNodeStateStore();
        var contact = new Contact(NodeId.Random(_world.Random), UdpEndpoint.Parse("11.200.0.1:1"));
        var id = NodeId.Random(_world.Random);
        await states.SaveAsync(new NodeState(id, [contact]));

        var node = await _world.StartAsync(states: states);
        await _world.PassAsync(TimeSpan.FromHours(1));
        await node.DisposeAsync();

        var state = await states.LoadAsync();
        Assert.Equal(id, state!.Id);
        Assert.Equal([contact], state.Contacts);
    });

    [Fact]
    public void A_node_that_lost_everybody_joins_again_by_itself() => _world.Run(async () =>
    {
        var hub = await _world.StartNodeAsync();
        var node = await _world.StartNodeAsync(o => o.Bootstrap.Add($"{hub.Transport.Endpoint}"));
        await node.Node.JoinAsync();
        Assert.Equal(1, node.Node.RoutingTable.Count);

        hub.Transport.IsCutOff = true;
        await node.Node.FindNodeAsync(hub.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        await node.Node.FindNodeAsync(hub.Id);

        // The lookup does not wait for the request's own timeout.
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Empty(node.Node.RoutingTable.Contacts);
        hub.Transport.IsCutOff = false;
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal([hub.Contact], node.Node.RoutingTable.Contacts);
    });

    [Fact]
    public void A_node_that_could_not_join_tries_again_whomever_it_met_meanwhile() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(30, Without.Walks);
        var bootstrap = _world.Nodes[0];
        bootstrap.Transport.IsCutOff = true;
        var node = await _world.StartNodeAsync(options => options.Bootstrap.Add($"{bootstrap.Transport.Endpoint}"));
        Assert.Equal(0, (await node.Node.JoinAsync()).Joined);
        var stranger = _world.AddAnsweringPeer();
        stranger.Ping(node.Transport.Endpoint, MessageId.Random(_world.Random));
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(stranger.Id, Assert.Single(node.Node.RoutingTable.Contacts).Id);
        Assert.True(node.Node.WaitUntilReadyAsync().IsCompletedSuccessfully);

        bootstrap.Transport.IsCutOff = false;
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.True(node.Node.RoutingTable.Count > 20);
    });

    [Fact]
    public void A_node_whose_one_bootstrap_node_is_itself_has_nobody_to_try_again() => _world.Run(async () =>
    {
        var asked = 0;
        var transport = _world.Network.Bind();
        await using var node = await _world.StartAsync(
            options => options.Bootstrap.Add($"seed.example:{transport.Endpoint.Port}"),
            transport: transport,
            environment: _world.Environment with { Resolver = Resolve });
        Assert.True(Assert.Single((await node.JoinAsync()).Attempts).IsOwnId);
        var peer = _world.AddAnsweringPeer();
        peer.Ping(transport.Endpoint, MessageId.Random(_world.Random));

        await _world.PassAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(1, node.RoutingTable.Count);
        Assert.Equal(1, asked);

        Task<System.Net.IPAddress[]> Resolve(string host, CancellationToken cancellationToken)
        {
            asked++;
            return Task.FromResult<System.Net.IPAddress[]>([transport.Endpoint.ToIPAddress()]);
        }
    });

    [Fact]
    public void Another_id_than_the_saved_one_is_refused() => _world.Run(async () =>
    {
        var states = new InMemoryNodeStateStore();
        await states.SaveAsync(new NodeState(NodeId.Random(_world.Random), []));
        var other = NodeId.Random(_world.Random);
        var error = await Assert.ThrowsAsync<KeyStoreException>(() => _world.StartAsync(options => options.Id = $"{other}", states: states));

        Assert.Contains(other.ToString(), error.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Visible_addresses_are_all_reported_when_they_disagree() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(4);
        var node = _world.Nodes[0];
        var liar = _world.AddPeer();
        var lie = UdpEndpoint.Parse("198.51.100.7:1");
        liar.OnRequest = (request, id, answer) => request.Kind == RequestKind.Stun
            ? ResponseWriter.WriteStun(answer, id, lie)
            : liar.AnswerPings(request, id, answer);
        await node.Node.PingAsync(liar.Endpoint);
        await _world.PassAsync(TimeSpan.FromSeconds(5));

        var seen = await node.Node.GetVisibleAddressesAsync();

        Assert.Equal(4, seen.Count);
        Assert.Equal([lie], seen.Where(v => v.Contact == liar.Contact).Select(v => v.Seen!.Value));
        Assert.All(seen.Where(v => v.Contact != liar.Contact), v => Assert.Equal(node.Transport.Endpoint, v.Seen));
    });
}
