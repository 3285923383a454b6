namespace KadOrleans.Tests.Node;

public sealed class NodeWatchTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");

    private readonly SimulatedWorld _world = new(seed: 1);
    private readonly KeyWatches _watches = new();
    private readonly InMemoryKeyStore _store = new(new StoreQuota());
    private readonly InMemoryPublicationStore _publications = new(10);

    private ManualTimeProvider Time => _world.Clock;

    [Fact]
    public async Task A_value_that_expires_is_gone_and_what_changes_without_a_word_within_a_minute()
    {
        await PutAsync(1, TimeSpan.FromSeconds(90));
        await using var watch = Watch();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync();
        Time.Advance(NodeWatch.LookInterval);
        Assert.False(next.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await next);
        Assert.Null(watch.Current.Value);

        await PutAsync(1, TimeSpan.FromHours(1));
        await watch.MoveNextAsync();
        var end = watch.MoveNextAsync();
        await _store.RemoveExpiredAsync(Time.GetUtcNow() + TimeSpan.FromHours(1));
        Time.Advance(NodeWatch.LookInterval);
        Assert.True(await end);
        Assert.Null(watch.Current.Value);
    }

    [Fact]
    public async Task A_change_while_the_first_value_is_read_is_not_missed()
    {
        await PutAsync(1, TimeSpan.FromHours(1));
        await using var watch = Watch(async () =>
        {
            var earlier = new GetResult(1, null);
            await PutAsync(2, TimeSpan.FromHours(1));
            return earlier;
        });

        await watch.MoveNextAsync();
        Assert.Equal(1, watch.Current.Value);
        await watch.MoveNextAsync();
        Assert.Equal(2, watch.Current.Value);
    }

    /// <summary>A call that began before may end after what has replaced its value, and its notice takes the place of the other's.</summary>
    [Fact]
    public void After_sets_that_overlap_a_watch_ends_with_what_a_get_finds() => SimulatedWorld.Run(1, async world =>
    {
        await world.StartNetworkAsync(5, Without.Walks);
        var (node, seen) = (world.Nodes[0].Node, new List<DhtValue?>());
        using var ending = new CancellationTokenSource();
        var watching = WatchAsync();
        await world.PassAsync(TimeSpan.FromSeconds(5));
        var network = node.SetAsync(Key, "1", SetAcknowledgement.Network);
        Assert.True((await node.SetAsync(Key, "2", SetAcknowledgement.Durable)).Succeeded);
        Assert.True((await network).Succeeded);
        await world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(((DhtValue?)"2", (DhtValue?)"2"), ((await node.GetAsync(Key)).Value, seen[^1]));
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);

        async Task WatchAsync()
        {
            await foreach (var change in node.WatchAsync(Key, ending.Token))
            {
                seen.Add(change.Value);
            }
        }
    });

    [Fact]
    public async Task A_value_that_only_others_hold_stays_until_news_of_it()
    {
        var watcher = new NodeWatch(_watches, _store, _publications, Time);
        await using var watch = watcher.RunAsync(Key, () => Task.FromResult(new GetResult("theirs", null)), default).GetAsyncEnumerator();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync();
        Time.Advance(3 * NodeWatch.LookInterval);
        Assert.False(next.IsCompleted);
        watcher.Learn(Key, new GetResult(null, null));
        watcher.Learn(Key, "refused", new SetResult { Refused = 1 });
        Assert.False(next.IsCompleted);
        watcher.Learn(Key, new GetResult("newer", null));
        Assert.True(await next);
        Assert.Equal("newer", watch.Current.Value);
    }

    [Fact]
    public void What_a_stranger_stores_here_is_told_only_if_a_get_says_so() => _world.Run(async () =>
    {
        var gets = 0;
        var found = "true";
        await using var watch = Watch(() =>
        {
            gets++;
            return Task.FromResult(new GetResult(found, null));
        });
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync();
        await PutAsync("lie", TimeSpan.FromDays(7), Stranger);
        await Task.Delay(TimeSpan.FromMinutes(2), Time);
        Assert.False(next.IsCompleted);
        Assert.InRange(gets, 2, 8);
        await Task.Delay(TimeSpan.FromDays(1), Time);

        Assert.InRange(gets, 24, 48);

        // Later the network says what the stranger says; and then the stranger's copy ends.
        found = "newer";
        await PutAsync("newer", TimeSpan.FromMinutes(10), Stranger);
        Assert.True(await next);
        Assert.Equal("newer", watch.Current.Value);
        next = watch.MoveNextAsync();
        await Task.Delay(TimeSpan.FromMinutes(11), Time);
        Assert.False(next.IsCompleted);
        await PutAsync("own", TimeSpan.FromMinutes(10));
        Assert.True(await next);
    });

    [Fact]
    public void A_new_value_that_comes_here_before_the_other_holders_is_told_once_they_have_it() => _world.Run(async () =>
    {
        var found = "old";
        await using var watch = Watch(() => Task.FromResult(new GetResult(found, null)));
        await watch.MoveNextAsync();
        var next = watch.MoveNextAsync();
        await Task.Delay(TimeSpan.FromMinutes(10), Time);
        await PutAsync("new", TimeSpan.FromDays(7), Stranger);
        await Task.Delay(TimeSpan.FromSeconds(3), Time);
        Assert.False(next.IsCompleted);

        found = "new";
        await Task.Delay(NodeWatch.AskInterval, Time);
        Assert.True(next.IsCompleted);
        Assert.Equal("new", watch.Current.Value);
    });

    [Fact]
    public void A_strangers_stores_cost_one_get_of_all_watches_in_five_seconds() => _world.Run(async () =>
    {
        var gets = 0;
        var node = new NodeWatch(_watches, _store, _publications, Time);
        List<IAsyncEnumerator<KeyChange>> watches = [.. Enumerable.Range(0, 10).Select(_ => node.RunAsync(Key, GetAsync, default).GetAsyncEnumerator())];
        foreach (var watch in watches)
        {
            await watch.MoveNextAsync();
        }

        List<Task<bool>> next = [.. watches.Select(watch => watch.MoveNextAsync().AsTask())];
        gets = 0;
        for (var i = 0; i < 600; i++)
        {
            await PutAsync(i, TimeSpan.FromHours(1), Stranger);
            await Task.Delay(TimeSpan.FromMilliseconds(100), Time);
        }

        Assert.InRange(gets, 1, 15);
        Assert.DoesNotContain(next, move => move.IsCompleted);

        async Task<GetResult> GetAsync()
        {
            gets++;
            await Task.Delay(TimeSpan.FromMilliseconds(150), Time);
            return node.Learn(Key, new GetResult("true", null));
        }
    });

    [Fact]
    public async Task Watches_are_bounded_and_an_ended_one_makes_room()
    {
        var held = Enumerable.Range(0, KeyWatches.MaxWatches).Select(i => _watches.Begin(NodeId.FromKey($"{i % 3}"))).ToList();

        var full = Assert.Throws<DhtUnavailableException>(() => _watches.Begin(Key));
        Assert.Equal("This process has 65536 watches of keys, which is the most that it can have.", full.Message);
        held[0].Dispose();
        held[0].Dispose();
        _watches.Begin(Key).Dispose();
        held.ForEach(watch => watch.Dispose());
        Assert.True(_watches.IsEmpty);
        await Task.CompletedTask;
    }

    private IAsyncEnumerator<KeyChange> Watch(Func<Task<GetResult>>? get = null) => new NodeWatch(_watches, _store, _publications, Time)
        .RunAsync(Key, get ?? (() => Task.FromResult(new GetResult(1, null))), default).GetAsyncEnumerator();

    private static SourceNetwork Stranger { get; } = SourceNetwork.Of(UdpEndpoint.Parse("203.0.113.5:1"));

    private async Task PutAsync(DhtValue value, TimeSpan life, SourceNetwork source = default)
    {
        var now = Time.GetUtcNow();
        Assert.Equal(StoreResult.Stored, await _store.PutAsync(Key, new StoredValue(value, now, now + life, source)));
        _watches.Post(Key, KeyNotice.Changed);
    }
}
