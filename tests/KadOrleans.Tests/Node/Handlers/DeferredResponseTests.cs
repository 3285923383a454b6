using Microsoft.Extensions.Logging;

namespace KadOrleans.Tests.Node;

/// <summary>Each STORE is acknowledged, or counted once under the reason why it was not. What waits for storage holds nothing else up.</summary>
public sealed class DeferredResponseTests
{
    private const byte True = 0xC3;
    private const byte False = 0xC2;

    private readonly SimulatedWorld _world = new(seed: 32);
    private readonly ScriptedStore _store = new();
    private readonly RecordingLog _log = new();

    public static MatrixTheoryData<StoreResult, bool> Results => new(Enum.GetValues<StoreResult>(), [false, true]);

    [Fact]
    public void A_node_stops_though_requests_go_on_arriving() => Run(async (node, peer) =>
    {
        _store.BeforePut = () => Task.Delay(TimeSpan.FromMilliseconds(100), _world.Clock);
        using var timer = _world.Clock.CreateTimer(_ => Store(node, peer), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        await PassAsync();

        await node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5), _world.Clock);
    });

    [Theory]
    [InlineData(true, true, LogLevel.Debug)]
    [InlineData(false, true, LogLevel.Debug)]
    [InlineData(false, false, LogLevel.Error)]
    public void A_FIND_VALUE_that_storage_fails_is_answered_with_contacts_and_counted(bool isLate, bool isStorage, LogLevel level) => Run(async (node, peer) =>
    {
        Exception failure = isStorage ? new KeyStoreException("The storage is away.") : new InvalidOperationException("A bug.");
        _store.BeforeGet = async () =>
        {
            await (isLate ? Task.Delay(TimeSpan.FromSeconds(0.5), _world.Clock) : Task.CompletedTask);
            throw failure;
        };
        FindValue(node, peer);
        await PassAsync();
        peer.FindNode(node.LocalEndpoints[0], default, peer.Id);
        await PassAsync();

        Assert.Equal(2, peer.Responses.Count());
        Assert.Equal(peer.Responses.Last(), peer.Responses.First());
        Assert.Equal(1, node.Engine.Counts["refused.StorageFailed"]);
        var failures = _log.Events.Where(e => e.Exception is not null).Select(e => (e.Level, e.Id, e.Exception!));
        Assert.Equal([(level, 1010, failure)], failures);
    });

    [Fact]
    public void A_FIND_VALUE_is_answered_with_what_the_store_has_for_remote_nodes() => Run(async (node, peer) =>
    {
        _store.BeforeGet = () => throw new KeyStoreException("The storage is away.");
        var now = _world.Clock.GetUtcNow();
        _store.Finding = () => new StoredValue(DhtValue.FromString("known"), now, now + TimeSpan.FromHours(1), SourceNetwork.Trusted);
        FindValue(node, peer);
        await PassAsync();

        Assert.Contains("known", Encoding.Latin1.GetString(Assert.Single(peer.Responses)), StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyStoreException>(() => node.GetAsync(peer.Id));
    });

    [Fact]
    public void A_FIND_VALUE_that_storage_has_no_room_for_is_not_answered() => Run(async (node, peer) =>
    {
        _store.BeforeGet = () => Task.FromException(new KeyStoreException("4096 reads are waiting.") { IsBusy = true });
        FindValue(node, peer);
        await PassAsync();

        Assert.Empty(peer.Responses);
    });

    [Fact]
    public void A_value_is_not_read_from_storage_before_its_asker_has_proved_its_address() => Run(isTrusted: false, async (node, peer) =>
    {
        var reads = 0;
        _store.BeforeGet = () =>
        {
            reads++;
            return Task.CompletedTask;
        };
        peer.OnRequest = null;
        FindValue(node, peer);
        await _world.PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(0, reads);

        peer.OnRequest = peer.AnswerPings;
        FindValue(node, peer);
        await PassAsync();
        Assert.Equal(1, reads);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Requests_that_wait_for_storage_are_bounded_and_hold_up_nothing_else(bool isStore) => Run(async (node, peer) =>
    {
        var release = new TaskCompletionSource();
        (_store.BeforeGet, _store.BeforePut) = (() => release.Task, () => release.Task);
        Action<KadNode, RawPeer> ask = isStore ? Store : FindValue;
        for (var i = 0; i < DeferredResponses.Capacity + 10; i++)
        {
            ask(node, peer);
        }

        await PassAsync();
        Assert.Equal(10, node.Engine.Counts["refused.Busy"]);
        Assert.Empty(peer.Responses);

        peer.Ping(node.LocalEndpoints[0], default(MessageId));
        peer.FindNode(node.LocalEndpoints[0], default, peer.Id);
        await PassAsync();
        Assert.Equal(2, peer.Responses.Count());
        release.SetResult();
        await PassAsync();
        Assert.Equal(isStore ? [("Queue", 10L)] : [], Reasons(node));
    });

    [Fact]
    public void A_STORE_that_lay_in_the_socket_of_a_frozen_process_is_not_done_and_all_else_is_answered() => Run(async (node, peer) =>
    {
        node.Engine.Receive(Write(Request()), peer.Endpoint, age: RequestHandlers.MaxStoreAge + TimeSpan.FromTicks(1));
        await PassAsync();
        Assert.Empty(peer.Responses);
        Assert.Equal(1, node.Engine.Counts["refused.Late"]);
        Assert.Equal([("Late", 1)], Reasons(node));

        node.Engine.Receive(Write(Request()), peer.Endpoint, age: RequestHandlers.MaxStoreAge);
        node.Engine.Receive(Write(Request(), RequestKind.FindNode), peer.Endpoint, age: TimeSpan.FromMinutes(1));
        await PassAsync();
        Assert.Equal(2, peer.Responses.Count());
        Assert.Equal(1, node.Engine.Counts["stores.accepted"]);
    });

    [Fact]
    public void A_STORE_whose_handling_is_stopped_for_a_while_is_stored_as_of_before() => _world.Run(async () =>
    {
        var clock = new StoppingClock(_world.Clock);
        await using var node = await _world.StartAsync(store: _store, environment: _world.Environment with { Time = clock });
        var peer = _world.AddAnsweringPeer();
        Store(node, peer);
        await PassAsync();
        Assert.Equal(1, node.Engine.Counts["stores.accepted"]);

        var (request, now) = (Request(), _world.Clock.GetUtcNow());
        clock.StopsAfterNext = TimeSpan.FromSeconds(24);
        node.Engine.Receive(Write(request), peer.Endpoint);
        await PassAsync();

        Assert.Equal(now + clock.Stopped, clock.GetUtcNow() - TimeSpan.FromSeconds(1));
        Assert.Equal(now, (await _store.GetAsync(request.Key, now))?.StoredAt);
    });

    [Fact]
    public void STOREs_that_storage_failed_are_counted_and_the_next_are_answered() => Run(async (node, peer) =>
    {
        var failing = true;
        _store.BeforePut = async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), _world.Clock);
            if (failing)
            {
                throw new KeyStoreException("The storage is away.");
            }
        };
        Store(node, peer, count: 3);
        await PassAsync();
        Assert.Equal(3, node.Engine.Counts["refused.StorageFailed"]);
        Assert.Equal([("Storage", 3)], Reasons(node));

        failing = false;
        Store(node, peer, count: 5);
        await PassAsync();
        Assert.Equal(5, node.Engine.Counts["stores.accepted"]);
    });

    [Fact]
    public void STOREs_get_their_responses_together_once_they_are_durable_together() => Run(async (node, peer) =>
    {
        var durable = new TaskCompletionSource();
        _store.BeforePut = () => durable.Task;
        var calls = new List<string>();
        var route = new RecordingRoute(calls);
        for (var i = 0; i < 5; i++)
        {
            node.Engine.Receive(Write(Request()), peer.Endpoint, route);
        }

        await PassAsync();
        Assert.Empty(calls);
        durable.SetResult();
        await PassAsync();

        Assert.Equal([.. Enumerable.Repeat(nameof(IResponseRoute.SendLater), 5), nameof(IResponseRoute.Flush)], calls);
    });

    [Theory]
    [MemberData(nameof(Results))]
    public void Each_result_of_a_store_has_its_reason_and_what_was_not_decided_no_response(StoreResult result, bool isLate) => Run(
        isTrusted: false,
        async (node, peer) =>
        {
            _store.Result = result;
            _store.BeforePut = () => Task.Delay(TimeSpan.FromMilliseconds(isLate ? 100 : 0), _world.Clock);
            Store(node, peer);
            await PassAsync();

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
    public void A_reason_for_refusing_a_request_is_one_for_a_STORE() => Assert.Equal(
        [
            (RefusalReason.Busy, UnacknowledgedReason.Queue), (RefusalReason.StorageFailed, UnacknowledgedReason.Storage),
            (RefusalReason.PendingLimit, UnacknowledgedReason.Queue), (RefusalReason.Late, UnacknowledgedReason.Late),
        ],
        Enum.GetValues<RefusalReason>().Select(reason => (reason, NodeMetrics.ReasonOf(reason))).Where(one => one.Item2 != UnacknowledgedReason.Refused));

    [Fact]
    public void Sources_are_counted_apart_and_trusted_ones_not_at_all() => _world.Run(async () =>
    {
        await using var store = new InMemoryKeyStore(new StoreQuota { KeysPerSource = 2 });
        await using var node = await _world.StartAsync(options => options.Trust.Add("11.0.3.0/24"), store);
        var friend = new RawPeer(_world.Network.Bind(UdpEndpoint.Parse("11.0.3.77:1")), NodeId.Random(_world.Random));
        RawPeer[] peers = [_world.AddAnsweringPeer(), _world.AddAnsweringPeer(), friend];
        Array.ForEach(peers, peer => Store(node, peer, count: 3));
        await PassAsync();

        Assert.Equal([2, 2, 3], peers.Select(peer => peer.Responses.Count(response => response[^1] == True)));
        Assert.Equal(7, (await store.GetUsageAsync()).Keys);
    });

    /// <summary>The reasons with their counts. With those that were acknowledged they are all STOREs.</summary>
    private static IEnumerable<(string Reason, long Count)> Reasons(KadNode node)
    {
        var counts = node.Engine.Counts;
        var reasons = counts.Where(count => count.Key.StartsWith("stores.unacknowledged.", StringComparison.Ordinal) && count.Value > 0).ToList();
        Assert.Equal(counts["received.Store"], counts["stores.accepted"] + reasons.Sum(reason => reason.Value));
        return reasons.Select(reason => (reason.Key.Split('.')[^1], reason.Value));
    }

    private void Run(Func<KadNode, RawPeer, Task> test) => Run(isTrusted: true, test);

    private void Run(bool isTrusted, Func<KadNode, RawPeer, Task> test) => _world.Run(async () =>
    {
        await using var node = await _world.StartAsync(isTrusted ? options => options.Trust.Add("11.0.0.0/8") : null, _store, log: _log);
        await test(node, isTrusted ? _world.AddPeer() : _world.AddAnsweringPeer());
    });

    private Task PassAsync() => _world.PassAsync(TimeSpan.FromSeconds(1));

    private StoreRequest Request() => new(default, NodeId.Random(_world.Random), DhtValue.FromString("value"));

    private byte[] Write(StoreRequest request, RequestKind kind = RequestKind.Store) =>
        RequestBytes.Of(kind, MessageId.Random(_world.Random), request);

    private void Store(KadNode node, RawPeer peer) => peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());

    private void Store(KadNode node, RawPeer peer, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Store(node, peer);
        }
    }

    private static void FindValue(KadNode node, RawPeer peer) => peer.FindValue(node.LocalEndpoints[0], default, peer.Id);

    /// <summary>The process is stopped once it has read the time.</summary>
    private sealed class StoppingClock(TimeProvider inner) : TimeProvider
    {
        public TimeSpan Stopped { get; private set; }

        public TimeSpan StopsAfterNext { get; set; }

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow()
        {
            var now = inner.GetUtcNow() + Stopped;
            (Stopped, StopsAfterNext) = (Stopped + StopsAfterNext, TimeSpan.Zero);
            return now;
        }

        public override long GetTimestamp() => inner.GetTimestamp() + (long)(Stopped.TotalSeconds * TimestampFrequency);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            inner.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class RecordingRoute(List<string> calls) : IResponseRoute
    {
        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Add(nameof(Send));

        public bool SendLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Add(nameof(SendLater));

        public void Flush() => Add(nameof(Flush));

        private bool Add(string call)
        {
            calls.Add(call);
            return true;
        }
    }
}
