using Microsoft.Extensions.Logging;

namespace KadOrleans.Tests.Node;

public sealed class DeferredResponseTests
{
    private readonly SimulatedWorld _world = new(seed: 32);
    private readonly ScriptedStore _store = new();

    [Fact]
    public void A_node_stops_though_requests_go_on_arriving() => _world.Run(async () =>
    {
        _store.BeforePut = () => Task.Delay(TimeSpan.FromMilliseconds(100), _world.Clock);
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        using var timer = _world.Clock.CreateTimer(
            _ => peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request()),
            null,
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(20));
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        await node.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5), _world.Clock);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_FIND_VALUE_that_storage_fails_is_answered_with_contacts(bool isLate) => _world.Run(async () =>
    {
        _store.BeforeGet = async () =>
        {
            await (isLate ? Task.Delay(TimeSpan.FromSeconds(1), _world.Clock) : Task.CompletedTask);
            throw new KeyStoreException("The storage is away.");
        };
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        var id = MessageId.Random(_world.Random);
        peer.FindValue(node.LocalEndpoints[0], id, peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(2));
        peer.FindNode(node.LocalEndpoints[0], id, peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(2, peer.Responses.Count());
        Assert.Equal(peer.Responses.Last(), peer.Responses.First());
    });

    [Fact]
    public void A_FIND_VALUE_is_answered_with_what_the_store_has_for_remote_nodes() => _world.Run(async () =>
    {
        _store.BeforeGet = () => throw new KeyStoreException("The storage is away.");
        var now = _world.Clock.GetUtcNow();
        _store.Finding = () => new StoredValue(DhtValue.FromString("known"), now, now + TimeSpan.FromHours(1), SourceNetwork.Trusted);
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        peer.FindValue(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(2));

        Assert.Contains("known", Encoding.Latin1.GetString(Assert.Single(peer.Responses)), StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyStoreException>(() => node.GetAsync(peer.Id));
    });

    [Fact]
    public void A_FIND_VALUE_that_storage_has_no_room_for_is_not_answered() => _world.Run(async () =>
    {
        _store.BeforeGet = () => Task.FromException(new KeyStoreException("4096 reads are waiting.") { IsBusy = true });
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        peer.FindValue(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Empty(peer.Responses);
    });

    [Fact]
    public void A_value_is_not_read_from_storage_before_its_asker_has_proved_its_address() => _world.Run(async () =>
    {
        var reads = 0;
        _store.BeforeGet = () =>
        {
            reads++;
            return Task.CompletedTask;
        };
        await using var node = await StartAsync(isTrusted: false);
        var peer = _world.AddPeer();
        peer.FindValue(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(0, reads);

        peer.OnRequest = peer.AnswerPings;
        peer.FindValue(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, reads);
    });

    [Fact]
    public void Values_that_wait_for_storage_are_bounded_and_hold_up_nothing_else() => _world.Run(async () =>
    {
        var release = new TaskCompletionSource();
        _store.BeforeGet = () => release.Task;
        await using var node = await StartAsync();
        var peer = _world.AddPeer();

        for (var i = 0; i < DeferredResponses.Capacity + 10; i++)
        {
            peer.FindValue(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(10, node.Engine.Counts["refused.Busy"]);
        Assert.Empty(peer.Responses);

        peer.Ping(node.LocalEndpoints[0], MessageId.Random(_world.Random));
        peer.FindNode(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, peer.Responses.Count());
        release.SetResult();
    });

    [Theory]
    [InlineData(true, LogLevel.Debug)]
    [InlineData(false, LogLevel.Error)]
    public void Requests_that_storage_failed_are_counted_and_no_errors_in_the_log(bool isStorage, LogLevel level) => _world.Run(async () =>
    {
        Exception failure = isStorage ? new KeyStoreException("The storage is away.") : new InvalidOperationException("A bug.");
        _store.BeforeGet = () => Task.FromException(failure);
        var log = new RecordingLog();
        await using var node = await StartAsync(log);
        var peer = _world.AddPeer();

        for (var i = 0; i < 3; i++)
        {
            peer.FindValue(node.LocalEndpoints[0], MessageId.Random(_world.Random), peer.Id);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(3, node.Engine.Counts["refused.StorageFailed"]);
        Assert.Equal(Enumerable.Repeat((level, 1010, failure), 3), log.Failures.Select(entry => (entry.Level, entry.Id.Id, entry.Exception)));
    });

    [Fact]
    public void A_STORE_that_lay_in_the_socket_of_a_frozen_process_is_not_done_and_all_else_is_answered() => _world.Run(async () =>
    {
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        var buffer = new byte[Datagram.MaxLength];
        Assert.True(RequestWriter.TryWriteStore(buffer, MessageId.Random(_world.Random), Request(), out var length));
        node.Engine.Receive(buffer.AsSpan(0, length), peer.Endpoint, age: RequestHandlers.MaxStoreAge + TimeSpan.FromTicks(1));
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(peer.Responses);
        Assert.Equal(1, node.Engine.Counts["refused.Late"]);

        node.Engine.Receive(buffer.AsSpan(0, length), peer.Endpoint, age: RequestHandlers.MaxStoreAge);
        length = RequestWriter.WriteFindNode(buffer, MessageId.Random(_world.Random), new FindNodeRequest(peer.Id, peer.Id));
        node.Engine.Receive(buffer.AsSpan(0, length), peer.Endpoint, age: TimeSpan.FromMinutes(1));
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, peer.Responses.Count());
        Assert.Equal(1, node.Engine.Counts["stores.accepted"]);
    });

    [Fact]
    public void STOREs_that_storage_failed_are_counted_and_the_next_are_answered() => _world.Run(async () =>
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
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        for (var i = 0; i < 3; i++)
        {
            peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(3, node.Engine.Counts["refused.StorageFailed"]);
        Assert.Equal(0, node.Engine.Counts["stores.accepted"]);

        failing = false;
        for (var i = 0; i < 5; i++)
        {
            peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(5, node.Engine.Counts["stores.accepted"]);
    });

    [Fact]
    public void STOREs_that_are_stored_together_get_their_responses_together() => _world.Run(async () =>
    {
        var release = new TaskCompletionSource();
        _store.BeforePut = () => release.Task;
        await using var node = await StartAsync();
        var peer = _world.AddPeer();
        var route = new RecordingRoute();
        var buffer = new byte[Datagram.MaxLength];
        for (var i = 0; i < 5; i++)
        {
            Assert.True(RequestWriter.TryWriteStore(buffer, MessageId.Random(_world.Random), Request(), out var length));
            node.Engine.Receive(buffer.AsSpan(0, length), peer.Endpoint, route);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(route.Calls);
        release.SetResult();
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal([.. Enumerable.Repeat(nameof(RecordingRoute.SendLater), 5), nameof(RecordingRoute.Flush)], route.Calls);
    });

    private StoreRequest Request() => new(default, NodeId.Random(_world.Random), DhtValue.FromString("value"));

    private Task<KadNode> StartAsync(RecordingLog? log = null, bool isTrusted = true) =>
        _world.StartAsync(isTrusted ? options => options.Trust.Add("11.0.0.0/8") : null, _store, log: log);

    private sealed class RecordingRoute : IResponseRoute
    {
        public List<string> Calls { get; } = [];

        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Add(nameof(Send));

        public bool SendLater(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => Add(nameof(SendLater));

        public void Flush() => Add(nameof(Flush));

        private bool Add(string call)
        {
            Calls.Add(call);
            return true;
        }
    }
}
