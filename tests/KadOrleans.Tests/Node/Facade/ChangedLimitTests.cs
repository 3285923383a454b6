namespace KadOrleans.Tests.Node;

/// <summary>Limits that an operator changes while a node runs.</summary>
public sealed class ChangedLimitTests
{
    private readonly SimulatedWorld _world = new(seed: 18);
    private readonly InMemoryKeyStore _store = new(new StoreQuota());
    private readonly InMemoryManagementStore _management = new();
    private readonly InMemoryNodeStateStore _states = new();

    private RawPeer Peer => field ??= _world.AddAnsweringPeer();

    [Fact]
    public void A_changed_limit_holds_after_a_restart_until_it_is_set_back() => _world.Run(async () =>
    {
        await using (var node = await StartAsync())
        {
            await StoreAsync(node, 3);
            await node.Admin.SetLimitAsync("totalKeys", 3);
            await node.Admin.SetLimitAsync("crawlRate", 77);
        }

        await using var again = await StartAsync(new InMemoryKeyStore(new StoreQuota()));
        Assert.Equal(3, await StoreAsync(again, 9));
        Assert.Equal((77, 3), (again.Engine.Rules.Limits.CrawlRate, again.Engine.Rules.Limits.Quota.TotalKeys));
        await again.Admin.SetLimitAsync("totalKeys", null);
        Assert.Equal(9, await StoreAsync(again, 9));
        Assert.Equal(77, (await again.Admin.StartCrawlAsync()).Rate);
    });

    [Fact]
    public void A_limit_that_memory_cannot_hold_is_refused_and_one_of_a_larger_machine_is_left_out() => _world.Run(async () =>
    {
        await _management.SaveAsync(NodeRules.None with { Limits = [new LimitEntry("totalKeys", 2_000_001, default)] });
        await using var node = await StartAsync(configure: options => options.MostKeys = 2_000_000);

        Assert.Equal(1_000_000, node.Engine.Rules.Limits.Quota.TotalKeys);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => node.Admin.SetLimitAsync("totalKeys", 2_000_001));
        Assert.Equal("The limit totalKeys is 2000001; 0 to 2000000 keys are allowed, as more do not fit into the memory of this process.", refused.Message);
        var row = (await node.Admin.GetLimitsAsync()).Limits[0];
        Assert.Equal((1_000_000L, null, 2_000_000L), (row.Value, row.Since, row.Most));
    });

    [Fact]
    public void A_limit_that_storage_refuses_is_not_in_force() => _world.Run(async () =>
    {
        await using var node = await StartAsync(management: Fake.Of<IManagementStore>((call, _) => call == nameof(IManagementStore.LoadAsync)
            ? new ValueTask<NodeRules>(NodeRules.None)
            : throw new KeyStoreException("The disk is full.")));

        await Assert.ThrowsAsync<KeyStoreException>(() => node.Admin.SetLimitAsync("totalKeys", 0));

        Assert.Equal(1, await StoreAsync(node, 1));
        Assert.Null((await node.Admin.GetLimitsAsync()).Limits[0].Since);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_rate_of_requests_is_changed_for_strangers_and_for_who_proved_its_address(bool isProven)
    {
        var peer = UdpEndpoint.Parse("192.0.2.7:8468");
        await using var ledger = new Ledger([]);
        if (isProven)
        {
            ledger.Receive(ledger.Ping(), peer);
            ledger.AnswerPing(peer, NodeId.MaxValue);
        }

        Change(ledger, "requestsPerSource", 5);
        var answered = Ping(100);
        Assert.InRange(answered, 9, 10);
        Change(ledger, "requestsPerSource", 5_000);
        ledger.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(100, Ping(100));

        int Ping(int count)
        {
            var before = ledger.Node.Counts["refused.SourceLimit"];
            for (var i = 0; i < count; i++)
            {
                ledger.Receive(ledger.Ping(), peer);
            }

            return count - (int)(ledger.Node.Counts["refused.SourceLimit"] - before);
        }
    }

    private static void Change(Ledger ledger, string name, long value) =>
        ledger.Node.Rules.Apply(BanSet.Empty, [new LimitEntry(name, value, default)]);

    private Task<KadNode> StartAsync(IKeyStore? store = null, IManagementStore? management = null, Action<KadNodeOptions>? configure = null) =>
        _world.StartAsync(configure, store ?? _store, _states, management: management ?? _management);

    /// <summary>Has a stranger store new keys, and returns how many it may.</summary>
    private async Task<int> StoreAsync(KadNode node, int keys)
    {
        var before = Stored();
        for (var i = 0; i < keys; i++)
        {
            Peer.Store(
                node.LocalEndpoints[0], MessageId.Random(_world.Random), new StoreRequest(default, NodeId.Random(_world.Random), DhtValue.FromString("value")));
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        return Stored() - before;

        int Stored() => Peer.Responses.Count(response => response[^1] == 0xC3);
    }
}
