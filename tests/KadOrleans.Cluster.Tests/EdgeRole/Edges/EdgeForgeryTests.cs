namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>What one blind host achieves through an edge and silos that stores in the name of live nodes.</summary>
public sealed class EdgeForgeryTests
{
    private const int Nodes = 20;
    private const int KeysOfEach = 30;

    private static readonly DhtValue Truth = DhtValue.FromString("true");
    private static readonly DhtValue Former = DhtValue.FromString("former");
    private static readonly DhtValue Lie = DhtValue.FromString("false");

    [Fact]
    public Task Over_256_shards_no_more_values_are_replaced_than_the_one_bound_of_the_edge_allows() => RunAsync(async attack =>
    {
        await attack.PublishAsync();
        await attack.ForgeAsync(Lie, attack.Authors);

        Assert.Equal((60, attack.Keys.Count - 60), (await attack.CountAsync(Lie), await attack.CountAsync(Truth)));
    });

    /// <summary>Each key was stored without a token before its author wrote it; the forger takes the name of who had done so.</summary>
    [Fact]
    public Task In_the_names_of_former_sources_no_more_values_are_replaced_and_what_they_had_stored_comes_back() => RunAsync(async attack =>
    {
        await attack.ForgeAsync(Former, attack.Others);
        Assert.Equal(attack.Keys.Count, await attack.CountAsync(Former));
        await attack.PublishAsync();

        await attack.ForgeAsync(Lie, attack.Others);
        Assert.Equal((60, attack.Keys.Count - 60), (await attack.CountAsync(Lie), await attack.CountAsync(Truth)));

        // Another name brings nothing back, but to the 60 that have no author any more.
        await attack.ForgeAsync(Former, attack.Authors);
        Assert.Equal((60, 0), (await attack.CountAsync(Former), await attack.CountAsync(Lie)));
        await attack.ForgeAsync(Former, attack.Others);
        Assert.Equal(attack.Keys.Count, await attack.CountAsync(Former));
    });

    private static async Task RunAsync(Func<Attack, Task> run)
    {
        await using var cluster = await TestCluster.StartAsync(shardBits: 8);
        ForgedTransport? transport = null;
        await using var edge = new TestEdge(cluster.Client, "forged")
        {
            Bind = endpoint => transport = new ForgedTransport(UdpTransport.Bind(endpoint)),
        };
        await edge.StartAsync();
        await edge.BecomesAsync(EdgePhase.Serving);

        var nodes = new List<KadNode>();
        var others = new List<CountingPeer>();
        try
        {
            for (var i = 0; i < Nodes; i++)
            {
                nodes.Add(await Peer.NodeAsync($"127.0.1.{i + 1}:0"));
                others.Add(new CountingPeer(NodeId.FromKey($"other {i}"), UdpTransport.Bind(UdpEndpoint.Parse($"127.0.2.{i + 1}:0")), PeerAnswers.Pings));
            }

            await run(new Attack(cluster, new Contact(edge.Ids[0], edge.Endpoints[0]), transport!, nodes)
            {
                Others = [.. others.Select(other => other.Endpoint)],
            });
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }

            foreach (var other in others)
            {
                await other.DisposeAsync();
            }
        }
    }

    private sealed class Attack(TestCluster cluster, Contact edge, ForgedTransport transport, List<KadNode> nodes)
    {
        private const int AtOnce = 500;

        private readonly ForgedRequests _requests = new(new SeededRandomSource(1));

        public List<NodeId> Keys { get; } = [.. Enumerable.Range(0, Nodes * KeysOfEach).Select(i => NodeId.FromKey($"{i}"))];

        /// <summary>Where the nodes are that publish.</summary>
        public List<UdpEndpoint> Authors { get; } = [.. nodes.Select(node => node.LocalEndpoints[0])];

        /// <summary>Where others are, who answer pings.</summary>
        public required List<UdpEndpoint> Others { get; init; }

        /// <summary>Each node stores the truth under its keys, with a token.</summary>
        public async Task PublishAsync()
        {
            foreach (var (i, key) in Keys.Index())
            {
                Assert.True(await nodes[i / KeysOfEach].Engine.Storer.StoreAsync(key, SentValue.OfWrite(Truth, life: null), edge));
            }

            Assert.Equal(Keys.Count, await CountAsync(held => held is { IsAuthored: true } && held.Value == Truth));
        }

        /// <summary>Stores a value under each key, in the name of these in turn, and waits for all responses.</summary>
        public async Task ForgeAsync(DhtValue value, List<UdpEndpoint> names)
        {
            foreach (var some in Enumerable.Range(0, Keys.Count).Chunk(AtOnce))
            {
                // A busy edge answers nothing, so that one has to be sent again.
                var (left, sentAt) = (new ConcurrentDictionary<int, bool>(some.Select(i => KeyValuePair.Create(i, true))), 0L);
                await Eventually.BecomesAsync(
                    () =>
                    {
                        if (sentAt == 0 || Stopwatch.GetElapsedTime(sentAt) > TimeSpan.FromSeconds(5))
                        {
                            sentAt = Stopwatch.GetTimestamp();
                            foreach (var i in left.Keys)
                            {
                                transport.Forge(_requests.Store(Keys[i], value), names[i % Nodes], () => left.TryRemove(i, out _));
                            }
                        }

                        return left.IsEmpty;
                    },
                    () => left.Count);
            }
        }

        public Task<int> CountAsync(DhtValue value) => CountAsync(held => held?.Value == value);

        private async Task<int> CountAsync(Func<StoredValue?, bool> isCounted)
        {
            var held = await Task.WhenAll(Keys.Select(async key => (await cluster.ShardOf(key).GetAsync([key]))[0]));
            return held.Count(isCounted);
        }
    }

    /// <summary>A transport through which datagrams also come whose source is another's. Their answers go to that one.</summary>
    private sealed class ForgedTransport(IDatagramTransport inner) : IDatagramTransport
    {
        private const byte Response = 1;

        private IDatagramReceiver? _receiver;

        public IReadOnlyList<UdpEndpoint> LocalEndpoints => inner.LocalEndpoints;

        public void Start(IDatagramReceiver receiver)
        {
            _receiver = receiver;
            inner.Start(receiver);
        }

        public void Forge(ReadOnlySpan<byte> datagram, UdpEndpoint source, Action onResponse) =>
            _receiver!.Receive(datagram, source, new Route(inner, onResponse), TimeSpan.Zero);

        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => inner.Send(datagram, destination);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private sealed class Route(IDatagramTransport transport, Action onResponse) : IResponseRoute
        {
            public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
            {
                if (datagram[0] == Response)
                {
                    onResponse();
                }

                return transport.Send(datagram, destination);
            }
        }
    }
}
