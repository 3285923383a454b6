using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Watching;
using KadOrleans.Simulation;
using KadOrleans.Watching;

namespace KadOrleans.Node.Tests.Watching;

public sealed class NodeWatchTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");

    private readonly ManualTimeProvider _time = new();
    private readonly KeyWatches _watches = new();
    private readonly InMemoryKeyStore _store = new(new StoreQuota());
    private readonly InMemoryPublicationStore _publications = new(10);

    [Fact]
    public async Task A_value_that_expires_is_gone()
    {
        await PutAsync(1, TimeSpan.FromSeconds(90));
        await using var watch = Watch();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync();
        _time.Advance(NodeWatch.LookInterval);
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await next);
        Assert.Null(watch.Current.Value);
    }

    [Fact]
    public async Task What_changes_without_a_word_is_seen_within_a_minute()
    {
        await PutAsync(1, TimeSpan.FromHours(1));
        await using var watch = Watch();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync();
        await _store.RemoveExpiredAsync(_time.GetUtcNow() + TimeSpan.FromHours(1));
        _time.Advance(NodeWatch.LookInterval);
        Assert.True(await next);
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

    [Fact]
    public async Task A_value_that_only_others_hold_stays_until_news_of_it()
    {
        var watcher = new NodeWatch(_watches, _store, _publications, _time);
        await using var watch = watcher.RunAsync(Key, () => Task.FromResult(new GetResult("theirs", null)), default).GetAsyncEnumerator();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync();
        _time.Advance(3 * NodeWatch.LookInterval);
        Assert.False(next.IsCompleted);
        watcher.Learn(Key, new GetResult(null, null));
        watcher.Learn(Key, "refused", new SetResult { Refused = 1 });
        Assert.False(next.IsCompleted);
        watcher.Learn(Key, new GetResult("newer", null));
        Assert.True(await next);
        Assert.Equal("newer", watch.Current.Value);
    }

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

    private IAsyncEnumerator<KeyChange> Watch(Func<Task<GetResult>>? get = null) => new NodeWatch(_watches, _store, _publications, _time)
        .RunAsync(Key, get ?? (() => Task.FromResult(new GetResult(1, null))), default).GetAsyncEnumerator();

    private async Task PutAsync(DhtValue value, TimeSpan life)
    {
        var now = _time.GetUtcNow();
        var put = await new WatchedKeyStore(_store, _watches).PutAsync(Key, new StoredValue(value, now, now + life, SourceNetwork.Trusted));
        Assert.Equal(StoreResult.Stored, put);
    }
}
