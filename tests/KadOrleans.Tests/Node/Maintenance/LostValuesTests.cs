namespace KadOrleans.Tests.Node;

/// <summary>Values that a damaged disk lost come back from the other holders.</summary>
public sealed class LostValuesTests
{
    private const int Values = 30;

    private readonly SimulatedWorld _world = new(seed: 72);

    /// <summary>What the store says to every value, if set.</summary>
    private StoreResult? _refusal;

    /// <summary>Whether a watch of the first key was told of something.</summary>
    private bool _isTold;

    [Fact]
    public void Keys_that_could_be_read_are_asked_for_once_there_is_a_contact() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10, Without.Walks);
        for (var i = 0; i < Values; i++)
        {
            await _world.Nodes[i % _world.Nodes.Count].Node.SetAsync(Key(i), DhtValue.FromInteger(i));
        }

        var store = new ScriptedStore { LostKeys = [.. Enumerable.Range(0, Values).Select(Key)] };
        await using var node = await _world.StartAsync(Without.Walks, store);
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(0, (await store.GetUsageAsync()).Keys);

        // Cut off from hand-off: what arrives was asked for.
        foreach (var other in _world.Nodes)
        {
            await node.PingAsync(other.Transport.Endpoint);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(45));

        for (var i = 0; i < Values; i++)
        {
            var held = await store.GetAsync(Key(i), _world.Clock.GetUtcNow());
            Assert.Equal(DhtValue.FromInteger(i), held?.Value);
            Assert.Contains(held!.Source, _world.Nodes.Select(n => SourceNetwork.Of(n.Transport.Endpoint).WithProof(true)));
            Assert.InRange(held.LifeLeft(_world.Clock.GetUtcNow()), TimeSpan.FromDays(6.9), TimeSpan.FromDays(7));
        }
    });

    [Fact]
    public void What_no_majority_of_the_holders_gives_is_not_taken() => _world.Run(async () =>
    {
        var found = await RecoverAsync(null, DhtValue.FromString("one"), DhtValue.FromString("other"));

        Assert.All(found, Assert.Null);
    });

    [Fact]
    public void Of_items_the_newest_is_taken_without_a_vote() => _world.Run(async () =>
    {
        var (older, newest) = (SignedItems.Sign(1, "3:old"), SignedItems.Sign(2, "3:new"));
        var store = new ScriptedStore { LostKeys = [newest.Key] };
        await using var node = await _world.StartAsync(Without.Walks, store);
        await AddHoldersAsync(node, "lie", "lie", "lie", older.ToValue(), older.ToValue(), newest.ToValue(), SignedItems.Forge(3, "6:forged").ToValue());
        await _world.PassAsync(TimeSpan.FromSeconds(30));

        var held = await store.GetAsync(newest.Key, _world.Clock.GetUtcNow());
        Assert.Equal((newest.ToValue(), false), (held?.Value, held?.Source.IsTrusted));
    });

    [Fact]
    public void What_this_node_publishes_comes_back_as_its_own() => _world.Run(async () =>
    {
        var value = DhtValue.FromString("mine");
        var publications = new InMemoryPublicationStore(10);
        await publications.PutAsync(Key(0), new Publication(value, _world.Clock.GetUtcNow()));
        await publications.PutAsync(Key(1), new Publication(DhtValue.FromString("mine, too"), _world.Clock.GetUtcNow()));

        var found = await RecoverAsync(publications, value, value);

        Assert.Equal([true, false], found.Select(held => held?.Source.IsTrusted));
        Assert.True(_isTold);
    });

    [Fact]
    public void Watches_are_not_told_of_what_the_store_refuses() => _world.Run(async () =>
    {
        _refusal = StoreResult.TotalQuotaExceeded;

        Assert.All(await RecoverAsync(null, DhtValue.FromString("one")), Assert.Null);

        Assert.False(_isTold);
    });

    [Fact]
    public void What_was_deleted_before_its_turn_does_not_come_back() => _world.Run(async () =>
    {
        var store = new ScriptedStore { LostKeys = [Key(0), Key(1)] };
        await using var node = await _world.StartAsync(Without.Walks, store);
        var holder = _world.AddPeer();
        holder.OnRequest = (request, id, answer) => request.Kind == RequestKind.FindValue
            ? ResponseWriter.WriteValue(answer, id, DhtValue.FromString("old"), null)
            : holder.Naming()(request, id, answer);
        await node.Admin.DeleteAsync(Key(1));
        await node.PingAsync(holder.Endpoint);

        await _world.PassAsync(TimeSpan.FromSeconds(30));

        var now = _world.Clock.GetUtcNow();
        Assert.Equal((true, false), (await store.GetAsync(Key(0), now) is not null, await store.GetAsync(Key(1), now) is not null));
    });

    // Each holder gives its value for both keys.
    private async Task<StoredValue?[]> RecoverAsync(IPublicationStore? publications, params DhtValue[] held)
    {
        var store = new ScriptedStore { LostKeys = [Key(0), Key(1)], Result = _refusal };
        await using var node = await _world.StartAsync(Without.Walks, store, publications: publications);
        await AddHoldersAsync(node, held);
        using var watch = node.Engine.Watches.Begin(Key(0));
        await _world.PassAsync(TimeSpan.FromSeconds(30));
        using var ending = new CancellationTokenSource();
        _isTold = watch.NextAsync(TimeSpan.FromDays(1), _world.Clock, ending.Token).AsTask().IsCompleted;
        await ending.CancelAsync();
        var now = _world.Clock.GetUtcNow();
        return [await store.GetAsync(Key(0), now), await store.GetAsync(Key(1), now)];
    }

    private async Task AddHoldersAsync(KadNode node, params DhtValue[] held)
    {
        foreach (var value in held)
        {
            var holder = _world.AddPeer();
            holder.OnRequest = (request, id, answer) => request.Kind == RequestKind.FindValue
                ? ResponseWriter.WriteValue(answer, id, value, null)
                : holder.Naming()(request, id, answer);
            await node.PingAsync(holder.Endpoint);
        }
    }

    private static NodeId Key(int i) => NodeId.FromKey($"value {i}");
}
