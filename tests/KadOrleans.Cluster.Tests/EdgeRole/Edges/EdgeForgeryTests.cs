namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>What one blind host achieves through an edge and silos that stores in the name of live nodes.</summary>
public sealed class EdgeForgeryTests
{
    private const int Nodes = 20;
    private const int KeysOfEach = 150;

    private static readonly DhtValue Truth = DhtValue.FromString("true");
    private static readonly DhtValue Lie = DhtValue.FromString("false");

    [Fact]
    public async Task Over_256_shards_no_more_values_are_replaced_than_the_one_bound_of_the_edge_allows()
    {
        await using var cluster = await TestCluster.StartAsync(shardBits: 8);
        ForgedTransport? transport = null;
        await using var edge = new TestEdge(cluster.Client, "forged")
        {
            Bind = endpoint => transport = new ForgedTransport(UdpTransport.Bind(endpoint)),
        };
        await edge.StartAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        var contact = new Contact(edge.Ids[0], edge.Endpoints[0]);

        var authors = new List<(KadNode Node, List<NodeId> Keys)>();
        try
        {
            for (var i = 0; i < Nodes; i++)
            {
                authors.Add((await Peer.NodeAsync($"127.0.1.{i + 1}:0"), [.. Enumerable.Range(0, KeysOfEach).Select(j => NodeId.FromKey($"{i}, {j}"))]));
                foreach (var key in authors[i].Keys)
                {
                    Assert.True(await authors[i].Node.Engine.Storer.StoreAsync(key, Truth, contact));
                }
            }

            var keys = authors.SelectMany(author => author.Keys).ToList();
            Assert.Equal(keys.Count, await CountAsync(held => held is { IsAuthored: true } && held.Value == Truth));

            var requests = new ForgedRequests(new SeededRandomSource(1));
            for (var i = 0; i < keys.Count; i++)
            {
                transport!.Forge(requests.Store(keys[i], Lie), authors[i % Nodes].Node.LocalEndpoints[0]);
            }

            await Eventually.BecomesAsync(() => transport!.Answered == keys.Count, () => transport!.Answered);
            Assert.Equal((60, keys.Count - 60), (await CountAsync(held => held!.Value == Lie), await CountAsync(held => held!.Value == Truth)));

            async Task<int> CountAsync(Func<StoredValue?, bool> isCounted)
            {
                var held = await Task.WhenAll(keys.Select(async key => (await cluster.ShardOf(key).GetAsync([key]))[0]));
                return held.Count(isCounted);
            }
        }
        finally
        {
            foreach (var (node, _) in authors)
            {
                await node.DisposeAsync();
            }
        }
    }

    /// <summary>A transport through which datagrams also come whose source is another's. Their answers go to that one.</summary>
    private sealed class ForgedTransport(IDatagramTransport inner) : IDatagramTransport
    {
        private const byte Response = 1;

        private IDatagramReceiver? _receiver;
        private int _answered;

        /// <summary>Responses to forged requests.</summary>
        public int Answered => Volatile.Read(ref _answered);

        public IReadOnlyList<UdpEndpoint> LocalEndpoints => inner.LocalEndpoints;

        public void Start(IDatagramReceiver receiver)
        {
            _receiver = receiver;
            inner.Start(receiver);
        }

        public void Forge(ReadOnlySpan<byte> datagram, UdpEndpoint source) =>
            _receiver!.Receive(datagram, source, new Route(this), TimeSpan.Zero);

        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => inner.Send(datagram, destination);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private sealed class Route(ForgedTransport transport) : IResponseRoute
        {
            public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
            {
                if (datagram[0] == Response)
                {
                    Interlocked.Increment(ref transport._answered);
                }

                return transport.Send(datagram, destination);
            }
        }
    }
}
