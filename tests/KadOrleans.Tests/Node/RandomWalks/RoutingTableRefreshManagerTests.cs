namespace KadOrleans.Tests.Node;

public sealed class RoutingTableRefreshManagerTests
{
    private readonly SimulatedWorld _world = new(seed: 72);
    private readonly List<RawPeer> _peers = [];
    private FaultyTable _table = null!;
    private RoutingTableRefreshManager _manager = null!;
    private int _done;

    [Fact]
    public void A_small_table_is_refreshed_again_and_again_after_growing_pauses() => Run(2, new(), async () =>
    {
        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(_done, 4, 5);

        await _world.PassAsync(TimeSpan.FromHours(2));
        Assert.InRange(_done, 10 + (2 * 12 - 4), 10 + (2 * 12));
    });

    [Fact]
    public void An_empty_table_waits_for_its_first_contact() => Run(0, new(), async () =>
    {
        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(0, _done);
        Assert.False(await _manager.RefreshAsync());

        _table.Observe(ContactObservation.Answered(AddPeer().Contact));
        await _world.PassAsync(TimeSpan.FromSeconds(11));
        Assert.NotEqual(0, _done);
    });

    [Fact]
    public void Callbacks_run_in_their_order_each_as_often_as_it_was_added() => Run(5, new(), async () =>
    {
        var calls = "";
        void A() => calls += "a";
        void B() => calls += "b";
        void Throws()
        {
            calls += "!";
            throw new InvalidOperationException("A callback failed.");
        }

        _manager.AddRefreshDoneCallback(A);
        _manager.AddRefreshDoneCallback(Throws);
        _manager.AddRefreshDoneCallback(B);
        _manager.AddRefreshDoneCallback(A);
        Assert.True(await _manager.RefreshAsync(force: true));
        Assert.Equal("a!ba", calls);

        _manager.RemoveRefreshDoneCallback(A);
        _manager.RemoveRefreshDoneCallback(() => calls += "unknown");
        await _manager.RefreshAsync(force: true);
        Assert.Equal("a!ba!ba", calls);
    });

    [Fact]
    public void Without_automatic_refresh_what_is_due_is_refreshed_when_asked_for_and_the_rest_when_forced() => Run(5, new() { AutoRefresh = false }, async () =>
    {
        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(0, _done);

        var both = await Task.WhenAll(_manager.RefreshAsync(), _manager.RefreshAsync());
        Assert.Equal([true, false], both);
        Assert.Equal(1, _done);
        Assert.True(await _manager.RefreshAsync(force: true));
        await _world.PassAsync(TimeSpan.FromSeconds(299));
        Assert.False(await _manager.RefreshAsync());
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.True(await _manager.RefreshAsync());
        Assert.Equal(3, _done);
    });

    [Fact]
    public void A_started_manager_refreshes_at_once_and_then_at_the_interval_however_often_it_was_started_and_stopped() => Run(5, new(), async () =>
    {
        await _manager.StopAsync();
        Assert.False(_manager.IsRunning);
        for (var round = 0; round < 3; round++)
        {
            await _manager.StartAsync();
            await _manager.StartAsync();
            Assert.True(_manager.IsRunning);
            await _manager.StopAsync();
            await _manager.StopAsync();
        }

        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(1, _done);
        await _world.PassAsync(TimeSpan.FromSeconds(260));
        Assert.Equal(1, _done);
        await _world.PassAsync(TimeSpan.FromSeconds(45));
        Assert.Equal(2, _done);
        await _world.PassAsync(TimeSpan.FromSeconds(3_000));
        Assert.InRange(_done, 12, 13);

        await _manager.StopAsync();
        var done = _done;
        await _world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(done, _done);
    });

    [Fact]
    public void Starting_and_stopping_take_no_time_even_in_the_middle_of_a_walk() => Run(5, new(), async () =>
    {
        _peers.ForEach(p => p.OnRequest = null);
        var begun = _world.Clock.Elapsed;
        await _manager.StartAsync();
        Assert.Equal(begun, _world.Clock.Elapsed);
        await _world.PassAsync(TimeSpan.FromMilliseconds(50));

        await _manager.StopAsync();

        Assert.Equal(begun + TimeSpan.FromMilliseconds(50), _world.Clock.Elapsed);
        Assert.Equal(0, _done);
    });

    [Fact]
    public void A_callback_may_stop_the_manager() => Run(5, new(), async () =>
    {
        Task? stopped = null;
        _manager.AddRefreshDoneCallback(() => stopped = _manager.StopAsync());
        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromHours(1));

        Assert.True(stopped!.IsCompletedSuccessfully);
        Assert.Equal(1, _done);
    });

    [Fact]
    public void Somebody_else_who_stops_it_waits_for_the_callbacks_that_run() => Run(5, new(), async () =>
    {
        Task? stopped = null;
        var hasWaited = false;
        _manager.AddRefreshDoneCallback(() =>
        {
            // A thread that is not the callback's, and not begun by it as far as its context shows.
            var other = new Thread(() => stopped = _manager.StopAsync());
            other.UnsafeStart();
            other.Join();
            hasWaited = !stopped!.IsCompleted;
        });
        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromSeconds(5));

        Assert.True(hasWaited);
        Assert.True(((IAsyncResult)stopped!).AsyncWaitHandle.WaitOne(TimeSpan.FromMinutes(1)));
    });

    [Fact]
    public void A_refresh_that_fails_says_why_and_stays_due() => Run(5, new(), async () =>
    {
        _table.LookupsToFail = 3;
        await Assert.ThrowsAsync<RandomWalkException>(() => _manager.RefreshAsync());
        _table.IsAway = true;
        var e = await Assert.ThrowsAsync<RoutingTableRefreshException>(() => _manager.RefreshAsync());
        Assert.IsType<IOException>(e.InnerException);
        Assert.Equal(0, _done);

        _table.IsAway = false;
        Assert.True(await _manager.RefreshAsync());
    });

    [Fact]
    public void A_refresh_that_fails_does_not_end_the_loop_nor_turn_it_into_a_busy_one() => Run(5, new(), async () =>
    {
        _table.LookupsToFail = 1_000_000;
        await _manager.StartAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(0, _done);
        Assert.InRange(1_000_000 - _table.LookupsToFail, 3 * 5, 3 * 12);

        _table.LookupsToFail = 0;
        await _world.PassAsync(TimeSpan.FromMinutes(5.1));
        Assert.InRange(_done, 1, 2);
    });

    private void Run(int peers, RandomWalkOptions walks, Func<Task> scenario) => _world.Run(async () =>
    {
        _table = new FaultyTable(NodeId.Random(_world.Random), _world.Clock);
        var options = new KadNodeOptions();
        await using var node = new DhtNode(
            options, _world.Network.Bind(), _table, new InMemoryKeyStore(options.Quota), _world.Environment);
        node.Start();
        for (var i = 0; i < peers; i++)
        {
            await node.PingAsync(AddPeer().Endpoint);
        }

        _manager = new RoutingTableRefreshManager(node, new RandomWalk(node, walks, _world.Environment), walks, _world.Environment);
        _manager.AddRefreshDoneCallback(() => _done++);
        await scenario();
        await _manager.DisposeAsync();
    });

    private RawPeer AddPeer()
    {
        var peer = _world.AddPeer();
        peer.OnRequest = peer.Naming();
        _peers.Add(peer);
        return peer;
    }
}
