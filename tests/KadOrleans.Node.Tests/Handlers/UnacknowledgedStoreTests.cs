using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Handlers;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;
using KadOrleans.Testing.Simulation;
using KadOrleans.Wire;

namespace KadOrleans.Node.Tests.Handlers;

/// <summary>Each STORE is acknowledged, or counted once under the reason why it was not.</summary>
public sealed class UnacknowledgedStoreTests
{
    private const byte True = 0xC3;
    private const byte False = 0xC2;

    private readonly SimulatedWorld _world = new(seed: 33);
    private readonly ScriptedStore _store = new();

    public static TheoryData<StoreResult> Results => [.. Enum.GetValues<StoreResult>()];

    [Theory]
    [MemberData(nameof(Results))]
    public void Each_result_of_a_store_has_its_reason_and_what_was_not_decided_no_response(StoreResult result) => _world.Run(async () =>
    {
        _store.Result = result;
        var node = await StartAsync();
        var peer = NewPeer();
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
        await node.DisposeAsync();
    });

    [Fact]
    public void A_store_that_throws_counts_as_storage() => _world.Run(async () =>
    {
        _store.BeforePut = () => throw new KeyStoreException("The storage is away.");
        var node = await StartAsync();
        Store(node, NewPeer());
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal([("Storage", 1)], Reasons(node));
        await node.DisposeAsync();
    });

    [Fact]
    public void A_STORE_that_lay_in_a_socket_counts_as_late() => _world.Run(async () =>
    {
        var node = await StartAsync();
        var buffer = new byte[Datagram.MaxLength];
        Assert.True(RequestWriter.TryWriteStore(buffer, MessageId.Random(_world.Random), Request(), out var length));
        node.Engine.Receive(buffer.AsSpan(0, length), NewPeer().Endpoint, age: RequestHandlers.MaxStoreAge + TimeSpan.FromTicks(1));

        Assert.Equal([("Late", 1)], Reasons(node));
        await node.DisposeAsync();
    });

    [Fact]
    public void STOREs_beyond_the_pending_ones_count_as_queue() => _world.Run(async () =>
    {
        var release = new TaskCompletionSource();
        _store.BeforePut = () => release.Task;
        var node = await StartAsync(trusted: "11.0.0.0/8");
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
        await node.DisposeAsync();
    });

    [Fact]
    public void A_STORE_of_an_endpoint_that_does_not_prove_itself_counts_as_refused() => _world.Run(async () =>
    {
        var node = await StartAsync();
        var peer = _world.AddPeer();
        Store(node, peer);
        await _world.PassAsync(TimeSpan.FromSeconds(5));

        Assert.Equal([("Refused", 1)], Reasons(node));
        Assert.Empty(peer.Responses);
        await node.DisposeAsync();
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

    private RawPeer NewPeer()
    {
        var peer = _world.AddPeer();
        peer.OnRequest = peer.AnswerPings;
        return peer;
    }

    private async Task<KadNode> StartAsync(string? trusted = null)
    {
        var options = new KadNodeOptions();
        if (trusted is not null)
        {
            options.Trust.Add(trusted);
        }

        var node = new KadNode(options, _world.Network.Bind(), _store, new InMemoryNodeStateStore(), _world.Environment);
        await node.StartAsync();
        return node;
    }
}
