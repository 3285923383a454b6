namespace KadOrleans.Tests.Node;

public sealed class KadNodeStopTests
{
    private readonly SimulatedWorld _world = new(seed: 18);
    private readonly InMemoryKeyStore _store = new(new KadNodeOptions().Quota);
    private readonly FakeOwner _owner = new();

    [Theory]
    [InlineData("transport")]
    [InlineData("state")]
    [InlineData("crawl")]
    public void A_part_that_fails_keeps_no_other_from_being_stopped(string part) => _world.Run(async () =>
    {
        var isStopping = false;
        var transport = new FakeTransport(() => Fail("transport"));
        var states = Fake.Of<INodeStateStore>((call, _) =>
        {
            Fail("state");
            return call == nameof(INodeStateStore.SaveAsync) ? ValueTask.CompletedTask : new ValueTask<NodeState?>((NodeState?)null);
        });
        var crawls = Fake.Of<ICrawlStore>((call, _) =>
        {
            Fail("crawl");
            return call == nameof(ICrawlStore.SaveAsync) ? ValueTask.CompletedTask : new ValueTask<IReadOnlyList<CrawlReport>>(Array.Empty<CrawlReport>());
        });
        var node = new KadNode(new KadNodeOptions(), transport, _store, states, _world.Environment, crawls: crawls, owner: _owner);
        await node.StartAsync();
        await node.Admin.StartCrawlAsync(new CrawlRequest());
        isStopping = true;

        // A crawl's failure is in its report.
        var stopping = node.DisposeAsync().AsTask();
        if (part == "crawl")
        {
            await stopping;
        }
        else
        {
            Assert.Equal(part, (await Assert.ThrowsAsync<InvalidDataException>(() => stopping)).Message);
        }

        Assert.True(node.Completion.IsCompletedSuccessfully);
        Assert.Equal((1, 1), (transport.Ends, _owner.Ends));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await _store.GetUsageAsync());

        void Fail(string of)
        {
            if (isStopping && of == part)
            {
                throw new InvalidDataException(part);
            }
        }
    });

    [Fact]
    public void A_node_whose_start_failed_is_not_started() => _world.Run(async () =>
    {
        var transport = new FakeTransport(static () => { });
        var states = Fake.Of<INodeStateStore>((call, _) => call == nameof(INodeStateStore.SaveAsync)
            ? throw new KeyStoreException("The disk is full.")
            : new ValueTask<NodeState?>((NodeState?)null));
        var node = new KadNode(new KadNodeOptions(), transport, _store, states, _world.Environment, owner: _owner);
        await Assert.ThrowsAsync<KeyStoreException>(() => node.StartAsync());

        Func<Task>[] calls = [() => node.GetAsync("key"), () => node.SetAsync("key", 1), () => node.JoinAsync(), () => node.Admin.GetUsageAsync()];
        foreach (var call in calls)
        {
            Assert.StartsWith("The node has not been started: ", (await Assert.ThrowsAsync<InvalidOperationException>(call)).Message, StringComparison.Ordinal);
        }

        Assert.StartsWith(
            "The node was started before; ", (await Assert.ThrowsAsync<InvalidOperationException>(() => node.StartAsync())).Message, StringComparison.Ordinal);
        await node.DisposeAsync();
        Assert.Equal((1, 1), (transport.Ends, _owner.Ends));
    });

    private sealed class FakeOwner : IAsyncDisposable
    {
        public int Ends { get; private set; }

        public ValueTask DisposeAsync()
        {
            Ends++;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class FakeTransport(Action end) : IDatagramTransport
    {
        public int Ends { get; private set; }

        public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [UdpEndpoint.Parse("127.0.0.1:8468")];

        public void Start(IDatagramReceiver receiver)
        {
            // Nothing arrives.
        }

        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => true;

        public ValueTask DisposeAsync()
        {
            Ends++;
            end();
            return ValueTask.CompletedTask;
        }
    }
}
