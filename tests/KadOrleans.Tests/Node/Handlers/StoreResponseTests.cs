namespace KadOrleans.Tests.Node;

/// <summary>Each STORE is acknowledged, or counted once under the reason why it was not.</summary>
public sealed class StoreResponseTests
{
    private const byte True = 0xC3;
    private const byte False = 0xC2;

    private readonly SimulatedWorld _world = new(seed: 33);
    private readonly ScriptedStore _store = new();

    public static MatrixTheoryData<StoreResult, bool> Results => new(Enum.GetValues<StoreResult>(), [false, true]);

    [Fact]
    public void A_STORE_is_acknowledged_only_once_it_is_durable() => _world.Run(async () =>
    {
        var durable = new TaskCompletionSource();
        _store.BeforePut = () => durable.Task;
        await using var node = await StartAsync();
        var peer = _world.AddAnsweringPeer();

        Store(node, peer);
        await _world.PassAsync(TimeSpan.FromSeconds(3));
        Assert.Empty(peer.Responses);

        durable.SetResult();
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(True, Assert.Single(peer.Responses)[^1]);
    });

    [Fact]
    public void A_stopping_node_acknowledges_what_it_accepted() => _world.Run(async () =>
    {
        var durable = new TaskCompletionSource();
        _store.BeforePut = () => durable.Task;
        var node = await StartAsync();
        var peer = _world.AddAnsweringPeer();

        Store(node, peer);
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        var stopping = node.DisposeAsync();
        durable.SetResult();
        await stopping;
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(peer.Responses);
    });

    [Fact]
    public void Sources_are_counted_apart_and_trusted_ones_not_at_all() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(o =>
        {
            o.Quota = new StoreQuota { KeysPerSource = 2 };
            o.Trust.Add("11.0.3.0/24");
        });
        var stranger = _world.AddPeer();
        var another = _world.AddPeer();
        var friend = new RawPeer(_world.Network.Bind(UdpEndpoint.Parse("11.0.3.77:1")), NodeId.Random(_world.Random));

        foreach (var peer in new[] { stranger, another, friend })
        {
            peer.OnRequest = peer.AnswerPings;
            for (var i = 0; i < 3; i++)
            {
                peer.Store(node.Transport.Endpoint, MessageId.Random(_world.Random), Request());
            }
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal([2, 2, 3], new[] { stranger, another, friend }.Select(p => p.Responses.Count(r => r[^1] == 0xC3)));
        Assert.Equal(7, (await node.Store.GetUsageAsync()).Keys);
    });

    [Theory]
    [MemberData(nameof(Results))]
    public void Each_result_of_a_store_has_its_reason_and_what_was_not_decided_no_response(StoreResult result, bool isLate) => _world.Run(async () =>
    {
        _store.Result = result;
        _store.BeforePut = () => Task.Delay(TimeSpan.FromMilliseconds(isLate ? 100 : 0), _world.Clock);
        await using var node = await StartAsync();
        var peer = _world.AddAnsweringPeer();
        Store(node, peer);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        (string? reason, byte? response) = result switch
        {
            StoreResult.Stored => ((string?)null, (byte?)True),
            StoreResult.Late => ("Late", null),
            StoreResult.Overtaken => ("Overtaken", null),
            StoreResult.Busy => ("Queue", null),
            StoreResult.StorageFailed => ("Storage", null),
            _ => ("Refused", False),
        };
        Assert.Equal(reason is null ? [] : [(reason, 1L)], Reasons(node));
        Assert.Equal(response is { } last ? [last] : [], peer.Responses.Select(one => one[^1]));
    });

    [Fact]
    public void A_store_that_throws_counts_as_storage() => _world.Run(async () =>
    {
        _store.BeforePut = () => throw new KeyStoreException("The storage is away.");
        await using var node = await StartAsync();
        Store(node, _world.AddAnsweringPeer());
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal([("Storage", 1)], Reasons(node));
    });

    [Fact]
    public void A_STORE_that_lay_in_a_socket_counts_as_late() => _world.Run(async () =>
    {
        await using var node = await StartAsync();
        var buffer = new byte[Datagram.MaxLength];
        Assert.True(RequestWriter.TryWriteStore(buffer, MessageId.Random(_world.Random), Request(), out var length));
        node.Engine.Receive(buffer.AsSpan(0, length), _world.AddAnsweringPeer().Endpoint, age: RequestHandlers.MaxStoreAge + TimeSpan.FromTicks(1));

        Assert.Equal([("Late", 1)], Reasons(node));
    });

    [Fact]
    public void STOREs_beyond_the_pending_ones_count_as_queue() => _world.Run(async () =>
    {
        var release = new TaskCompletionSource();
        _store.BeforePut = () => release.Task;
        await using var node = await StartAsync(isTrusted: true);
        var peer = _world.AddPeer();
        for (var i = 0; i < DeferredResponses.Capacity + 3; i++)
        {
            Store(node, peer);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([("Queue", 3)], node.Engine.Counts.Where(IsReason).Where(count => count.Value > 0).Select(Reason));

        release.SetResult();
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([("Queue", 3)], Reasons(node));
    });

    [Fact]
    public void A_STORE_of_an_endpoint_that_does_not_prove_itself_counts_as_refused() => _world.Run(async () =>
    {
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        Store(node, peer);
        await _world.PassAsync(TimeSpan.FromSeconds(5));

        Assert.Equal([("Refused", 1)], Reasons(node));
        Assert.Empty(peer.Responses);
    });

    [Fact]
    public void A_reason_for_refusing_a_request_is_one_for_a_STORE() => Assert.Equal(
        [
            (RefusalReason.Busy, UnacknowledgedReason.Queue), (RefusalReason.StorageFailed, UnacknowledgedReason.Storage),
            (RefusalReason.PendingLimit, UnacknowledgedReason.Queue), (RefusalReason.Late, UnacknowledgedReason.Late),
        ],
        Enum.GetValues<RefusalReason>().Select(reason => (reason, UnacknowledgedReasons.Of(reason))).Where(one => one.Item2 != UnacknowledgedReason.Refused));

    /// <summary>The reasons with their counts. With those that were acknowledged they are all STOREs.</summary>
    private static IEnumerable<(string Reason, long Count)> Reasons(KadNode node)
    {
        var counts = node.Engine.Counts;
        Assert.Equal(counts["received.Store"], counts["stores.accepted"] + counts.Where(IsReason).Sum(count => count.Value));
        return counts.Where(IsReason).Where(count => count.Value > 0).Select(Reason);
    }

    private static bool IsReason(KeyValuePair<string, long> count) => count.Key.StartsWith("stores.unacknowledged.", StringComparison.Ordinal);

    private static (string Reason, long Count) Reason(KeyValuePair<string, long> count) => (count.Key.Split('.')[^1], count.Value);

    private StoreRequest Request() => new(default, NodeId.Random(_world.Random), DhtValue.FromString("value"));

    private void Store(KadNode node, RawPeer peer) => peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());

    private Task<KadNode> StartAsync(bool isTrusted = false) =>
        _world.StartAsync(isTrusted ? options => options.Trust.Add("11.0.0.0/8") : null, _store);
}
