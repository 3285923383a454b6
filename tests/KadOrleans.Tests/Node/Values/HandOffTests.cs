namespace KadOrleans.Tests.Node;

public sealed class HandOffTests
{
    private readonly SimulatedWorld _world = new(seed: 14);

    [Fact]
    public void In_a_large_network_only_the_nearest_holder_hands_over_and_only_what_belongs_there() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(100, Without.Walks);
        const int Keys = 100;
        for (var i = 0; i < Keys; i++)
        {
            await _world.PickNode().Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        await _world.PassAsync(TimeSpan.FromMinutes(1));
        var newcomer = await JoinAsync(_world.Nodes[0]);
        await _world.PassAsync(TimeSpan.FromMinutes(5));

        // It is among the 30 nearest of 101 nodes for three of ten keys.
        var received = (await newcomer.Store.GetUsageAsync()).Keys;
        var stores = newcomer.Node.Engine.Counts["received.Store"];
        Assert.InRange(received, 10, 50);
        Assert.InRange(stores, received, received * 2);
    });

    [Fact]
    public void What_the_nearest_holder_was_to_hand_over_comes_from_the_next_one_once_it_has_left() => _world.Run(async () =>
    {
        var first = await HoldAsync(200, Without.Walks);
        var second = await JoinAsync(first, Without.Walks);
        await _world.PassAsync(TimeSpan.FromMinutes(10));
        var left = second.Contact;
        await second.KillAsync();
        await _world.PassAsync(2 * VerifiedEndpoints.Generation);
        Assert.Contains(left, first.Node.Engine.RoutingTable.Contacts);

        var newcomer = await JoinAsync(first);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await newcomer.Store.GetUsageAsync()).Keys);
    });

    [Fact]
    public void Who_answered_minutes_ago_and_no_longer_does_is_not_taken_for_there() => _world.Run(async () =>
    {
        var first = await HoldAsync(200, Without.Walks);
        var second = await JoinAsync(first, Without.Walks);
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        var left = second.Contact;
        await second.KillAsync();
        await first.Node.FindNodeAsync(left.Id);
        Assert.Contains(left, first.Node.Engine.RoutingTable.Contacts);

        var newcomer = await JoinAsync(first, Without.Walks);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await newcomer.Store.GetUsageAsync()).Keys);
    });

    // Its newest write token is no longer fresh.
    [Fact]
    public void Who_is_to_hand_values_over_is_not_asked_whether_it_is_there_if_it_answered_minutes_ago() => _world.Run(async () =>
    {
        var first = await HoldAsync(200, Without.Walks);
        var second = await JoinAsync(first, Without.Walks);
        await _world.PassAsync(TimeSpan.FromMinutes(6));
        var asked = 0;
        _world.Network.Traffic = new TrafficMeter
        {
            IsApart = (kind, sender, receiver) =>
            {
                asked += (kind, sender, receiver) == (RequestKind.Ping, first.Transport.Endpoint, second.Transport.Endpoint) ? 1 : 0;
                return false;
            },
        };

        var newcomer = await JoinAsync(first, Without.Walks);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await newcomer.Store.GetUsageAsync()).Keys);
        Assert.Equal(0, asked);
    });

    [Fact]
    public void Two_that_come_at_once_both_get_what_each_of_them_is_the_nearest_to() => _world.Run(async () =>
    {
        var first = await HoldAsync(200, Without.Walks);
        for (var i = 0; i < 4; i++)
        {
            await JoinAsync(first, Without.Walks);
            await _world.PassAsync(TimeSpan.FromMinutes(11));
        }

        var newcomers = await Task.WhenAll(JoinAsync(first, Without.Walks), JoinAsync(first, Without.Walks));
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        foreach (var newcomer in newcomers)
        {
            Assert.Equal(200, (await newcomer.Store.GetUsageAsync()).Keys);
        }
    });

    [Fact]
    public void What_a_node_gets_while_it_joins_it_hands_to_nobody() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(30, Without.Walks);
        for (var i = 0; i < 30; i++)
        {
            await _world.PickNode().Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        await _world.PassAsync(TimeSpan.FromMinutes(1));
        var before = CountStores();
        var newcomer = await JoinAsync(_world.Nodes[0]);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.True((await newcomer.Store.GetUsageAsync()).Keys > 10);
        Assert.Equal(before, CountStores() - newcomer.Node.Engine.Counts["received.Store"]);

        long CountStores() => _world.Nodes.Sum(node => node.Node.Engine.Counts.GetValueOrDefault("received.Store"));
    });

    [Fact]
    public async Task Many_newcomers_at_once_cost_one_pass_over_the_keys()
    {
        var own = NodeId.MinValue.WithBit(159, true);
        var known = new LocalRoutingTable(own, new KademliaOptions(), new SubnetDiversity(), TimeProvider.System);
        known.Observe(ContactObservation.Answered(new Contact(NodeId.MinValue.WithBit(0, true), UdpEndpoint.FromIPv4(0xC6336401, 1))));
        var keys = Enumerable.Range(1, 50).Select(i => NodeId.MinValue.WithBit(0, true).WithBit(i, true)).ToArray();
        var (snapshots, passes, scanned) = (0, 0, new TaskCompletionSource());
        var table = Fake.Of<IRoutingTable>((call, _) =>
        {
            snapshots++;
            return call == "get_Snapshot" ? known.Snapshot : throw new NotSupportedException(call);
        });
        var store = Fake.Of<IKeyStore>((_, args) =>
        {
            (snapshots, passes) = (0, passes + 1);
            Assert.All(keys, key => Assert.False(((Func<KeyLife, bool>)args[1]!)(new KeyLife(key, default, DateTimeOffset.MaxValue))));
            scanned.SetResult();
            return AsyncEnumerable.Empty<KeyValuePair<NodeId, StoredValue>>();
        });
        var handOff = new HandOff(
            table, store, null!, static _ => ValueTask.FromResult(true), null!, new KademliaOptions(), AddressRangeSet.Parse([]), TimeProvider.System, NullLogger.Instance);
        for (var i = 0; i < 40; i++)
        {
            handOff.Enqueue(new Contact(NodeId.MinValue.WithBit(1, true).WithBit(2 + i, true), UdpEndpoint.FromIPv4(0xCB000000 + ((uint)i << 8), 1)));
        }

        using var stop = new CancellationTokenSource();
        var running = handOff.RunAsync(stop.Token);
        await scanned.Task;
        await stop.CancelAsync();
        await running;

        Assert.Equal((0, 1), (snapshots, passes));
    }

    /// <summary>A pass takes 400 ms, as over a million keys.</summary>
    [Fact]
    public void Newcomers_that_come_one_by_one_share_passes_that_take_a_tenth_of_the_time() => _world.Run(async () =>
    {
        var table = new LocalRoutingTable(NodeId.MinValue, new KademliaOptions(), new SubnetDiversity(), _world.Clock);
        var (passes, pass) = (0, TimeSpan.FromMilliseconds(400));
        var store = Fake.Of<IKeyStore>((_, _) => ScanAsync());
        var handOff = new HandOff(
            table, store, null!, static _ => ValueTask.FromResult(true), null!, new KademliaOptions(), AddressRangeSet.Parse([]), _world.Clock, NullLogger.Instance);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60), _world.Clock);
        var running = handOff.RunAsync(stop.Token);
        for (var i = 0; i < 50; i++)
        {
            var newcomer = new Contact(NodeId.MinValue.WithBit(1, true).WithBit(2 + i, true), UdpEndpoint.FromIPv4(0xCB000000 + ((uint)i << 8), 1));
            table.Observe(ContactObservation.Answered(newcomer));
            handOff.Enqueue(newcomer);
            await _world.PassAsync(TimeSpan.FromMilliseconds(i == 0 ? 500 : 1_000));

            // The first one waits for nobody.
            Assert.InRange(passes, 1, 14);
        }

        await running;
        Assert.InRange(passes, 12, 14);

        async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync()
        {
            passes++;
            await Task.Delay(pass, _world.Clock);
            yield break;
        }
    });

    [Fact]
    public void Newcomers_wait_while_the_store_shows_no_keys() => _world.Run(async () =>
    {
        var newcomer = new Contact(NodeId.MinValue.WithBit(1, true), UdpEndpoint.FromIPv4(0xCB007101, 1));
        var table = new LocalRoutingTable(NodeId.MinValue, new KademliaOptions(), new SubnetDiversity(), _world.Clock);
        table.Observe(ContactObservation.Answered(newcomer));
        var passes = 0;
        var store = Fake.Of<IKeyStore>((_, _) => ++passes < 3
            ? throw new KeyStoreException("A silo restarts.")
            : AsyncEnumerable.Empty<KeyValuePair<NodeId, StoredValue>>());
        var handOff = new HandOff(
            table, store, null!, static _ => ValueTask.FromResult(true), null!, new KademliaOptions(), AddressRangeSet.Parse([]), _world.Clock, NullLogger.Instance);
        handOff.Enqueue(newcomer);

        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1), _world.Clock);
        await handOff.RunAsync(stop.Token);
        Assert.Equal(3, passes);
    });

    [Fact]
    public void Hand_off_is_limited_in_rate() => _world.Run(async () =>
    {
        _world.Network.Conditions = new NetworkConditions { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero };
        var newcomer = await JoinAsync(await HoldAsync(2_000));
        await _world.PassAsync(TimeSpan.FromSeconds(2));

        Assert.InRange((await newcomer.Store.GetUsageAsync()).Keys, 320, 700);
    });

    [Fact]
    public void A_newcomer_gets_all_that_belongs_on_it_however_long_that_takes() => _world.Run(async () =>
    {
        _world.Network.Conditions = new NetworkConditions { Loss = 0.02 };
        var first = await HoldAsync(22_000);

        var newcomer = await JoinAsync(first, WithoutQuota);
        await _world.PassAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(22_000, (await newcomer.Store.GetUsageAsync()).Keys);
    });

    /// <summary>By upkeep, of this node or of another one, which need not know the newcomer.</summary>
    [Fact]
    public void A_newcomer_also_gets_what_was_stored_once_more_since_it_came() => _world.Run(async () =>
    {
        var first = await HoldAsync(2_000);
        var held = await first.Store.ScanAsync(KeyRegion.Everywhere).ToListAsync(TestContext.Current.CancellationToken);
        var newcomer = await JoinAsync(first);
        await _world.PassAsync(TimeSpan.FromSeconds(2));
        foreach (var (key, value) in held)
        {
            await first.Store.PutAsync(key, value with { StoredAt = _world.Clock.GetUtcNow() });
        }

        await _world.PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(2_000, (await newcomer.Store.GetUsageAsync()).Keys);
    });

    [Fact]
    public void A_slow_newcomer_does_not_keep_the_next_one_waiting() => _world.Run(async () =>
    {
        var first = await HoldAsync(5_000);
        var slow = _world.AddPeer();
        var stores = 0;
        slow.OnRequest = (request, id, answer) =>
        {
            if (request.Kind == RequestKind.Store)
            {
                stores++;
                _ = AnswerLateAsync(id);
                return 0;
            }

            return slow.AnswerPings(request, id, answer);
        };
        slow.Ping(first.Transport.Endpoint, MessageId.Random(_world.Random));
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        var next = await JoinAsync(first);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        // About half of the keys are nearer to it. Each is sent twice, as the answer comes after the first timeout.
        Assert.InRange(stores, 20, 5_000);
        var expected = await first.Store.ScanAsync(KeyRegion.Everywhere).CountAsync(entry => first.Id.DistanceTo(entry.Key) < slow.Id.DistanceTo(entry.Key));
        Assert.Equal(expected, (await next.Store.GetUsageAsync()).Keys);

        async Task AnswerLateAsync(MessageId id)
        {
            await _world.PassAsync(TimeSpan.FromSeconds(1));
            var buffer = new byte[Datagram.MaxLength];
            slow.Send(buffer.AsSpan(0, ResponseWriter.WriteStored(buffer, id, true)), first.Transport.Endpoint);
        }
    });

    [Fact]
    public void Hand_off_takes_half_of_the_upload_at_most() => _world.Run(async () =>
    {
        const int Upload = 20_000;
        var first = await HoldAsync(2_000, options => options.Upload = new UploadLimits { Total = Upload });
        var newcomer = await JoinAsync(first);
        var before = first.Transport.SentBytes;
        await _world.PassAsync(TimeSpan.FromSeconds(30));

        Assert.InRange(first.Transport.SentBytes - before, 30 * Upload / 4, 30 * Upload / 2);
    });

    [Fact]
    public void A_newcomer_that_refuses_is_left_alone() => _world.Run(async () =>
    {
        var first = await _world.StartNodeAsync();
        for (var i = 0; i < 20; i++)
        {
            await first.Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        var newcomer = await _world.StartNodeAsync(o => o.Quota = new StoreQuota { TotalKeys = 0 });

        await newcomer.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        // It may refuse a few, of which it has something newer.
        Assert.Equal(9, newcomer.Node.Engine.Counts["received.Store"]);
    });

    [Fact]
    public void What_is_handed_over_has_the_life_that_is_left() => _world.Run(async () =>
    {
        var first = await _world.StartNodeAsync();
        await first.Node.SetAsync("key", DhtValue.FromInteger(1));
        var expiresAt = _world.Clock.GetUtcNow() + TimeSpan.FromDays(7);
        await _world.PassAsync(TimeSpan.FromHours(12));

        var newcomer = await JoinAsync(first);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        var held = await newcomer.Store.GetAsync(NodeId.FromKey("key"), _world.Clock.GetUtcNow());
        Assert.InRange(held!.ExpiresAt, expiresAt - TimeSpan.FromSeconds(1), expiresAt + TimeSpan.FromSeconds(1));
    });

    private async Task<SimulatedNode> JoinAsync(SimulatedNode known, Action<KadNodeOptions>? configure = null)
    {
        var newcomer = await _world.StartNodeAsync(configure);
        await newcomer.Node.BootstrapAsync([$"{known.Transport.Endpoint}"]);
        return newcomer;
    }

    private static void WithoutQuota(KadNodeOptions options) => options.Quota = StoreQuota.Unlimited;

    private async Task<SimulatedNode> HoldAsync(int keys, Action<KadNodeOptions>? configure = null)
    {
        var node = await _world.StartNodeAsync(options =>
        {
            WithoutQuota(options);
            configure?.Invoke(options);
        });
        var (now, end) = (_world.Clock.GetUtcNow() - TimeSpan.FromMinutes(1), _world.Clock.GetUtcNow() + TimeSpan.FromDays(6));
        for (var i = 0; i < keys; i++)
        {
            await node.Store.PutAsync(NodeId.Random(_world.Random), new StoredValue(DhtValue.FromInteger(i), now, end, default));
        }

        return node;
    }
}
