namespace KadOrleans.Tests.Node;

/// <summary>A set under a condition is decided by what the node holds when it is remembered or stored, and leaves nothing behind where it is not.</summary>
public sealed class ConditionalSetTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly DhtValue First = DhtValue.FromInteger(1), Second = DhtValue.FromInteger(2), Third = DhtValue.FromInteger(3);

    private readonly SimulatedWorld _world = new(seed: 45);
    private readonly ScriptedStore _store = new();
    private readonly InMemoryPublicationStore _publications = new(1);

    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public void What_is_stored_while_it_is_decided_is_looked_at_anew(SetAcknowledgement acknowledgement) => _world.Run(async () =>
    {
        await using var node = await StartAsync();
        await node.SetAsync(Key, First);
        var found = new List<DhtValue?>();

        var set = await node.SetIfAsync(
            Key,
            Third,
            value =>
            {
                found.Add(value);
                if (found.Count == 1)
                {
                    Put(Second);
                }

                return value == First;
            },
            acknowledgement);

        Assert.Equal([First, Second], found);
        Assert.Equal((false, StoreResult.Superseded), (set.Succeeded, set.Local));
        Assert.Equal(First, (await _publications.GetAsync(Key))!.Value);
    });

    [Fact]
    public void Without_room_to_remember_it_the_value_is_stored_as_by_a_set() => _world.Run(async () =>
    {
        await using var node = await StartAsync();
        await node.SetAsync(NodeId.FromKey("another"), First);

        var set = await node.SetIfAsync(Key, Second, value => value is null, SetAcknowledgement.Network);
        var again = await node.SetIfAsync(Key, Third, value => value is null, SetAcknowledgement.Network);

        Assert.Equal((true, StoreResult.TotalQuotaExceeded), (set.Succeeded, set.Publication));
        Assert.Equal((false, StoreResult.Superseded), (again.Succeeded, again.Local));
        Assert.Equal(Second, (await node.GetAsync(Key)).Value);
    });

    [Theory]
    [InlineData(StoreResult.Busy)]
    [InlineData(StoreResult.StorageFailed)]
    public void Where_the_store_does_not_decide_nothing_is_published(StoreResult undecided) => _world.Run(async () =>
    {
        await using var node = await StartAsync();
        _store.Result = undecided;

        var set = await node.SetIfAsync(Key, First, value => value is null, SetAcknowledgement.Network);

        Assert.Equal((false, undecided), (set.Succeeded, set.Local));
        Assert.Null(await _publications.GetAsync(Key));
    });

    private Task<KadNode> StartAsync() => _world.StartAsync(store: _store, publications: _publications);

    private void Put(DhtValue value)
    {
        var now = _world.Clock.GetUtcNow();
        var put = _store.PutAsync(Key, new StoredValue(value, now, now + TimeSpan.FromDays(1), SourceNetwork.Trusted), PutKind.Publication);
        Assert.True(put.IsCompletedSuccessfully);
    }
}
