namespace KadOrleans.Tests.Node;

/// <summary>What is asked of a node at any time by anybody costs it no garbage.</summary>
public sealed class AllocationTests : IAsyncDisposable
{
    private const int Rounds = 1_000;

    // The runtime allocates once for itself on any thread, when it replaces code for instance. What an answer
    // allocates comes again in each measurement.
    private const int Measurements = 3;

    private const int Answers = (1 + Measurements) * Rounds;

    private static readonly NodeId Held = NodeId.FromKey("held");
    private static readonly NodeId Missing = NodeId.FromKey("missing");
    private static readonly UdpEndpoint Stranger = UdpEndpoint.Parse("192.0.2.7:8468");

    // Generous, so that a thousand requests in one instant of a clock that stands still are within the limits.
    private static readonly SourceLimits Limits = new()
    {
        PerSource = new TokenRate(1_000_000, 1_000_000),
        PerSubnet = new TokenRate(1_000_000, 1_000_000),
    };

    private static readonly UploadLimits Upload = new() { PerEndpoint = 1_000_000_000, Total = 1_000_000_000 };

    private readonly SeededRandomSource _random = new(11);
    private readonly CountingTransport _transport = new();
    private readonly InMemoryKeyStore _store = new(new StoreQuota());
    private readonly Contact _known;
    private readonly UdpEndpoint _verified = UdpEndpoint.Parse("192.0.2.8:8468");
    private readonly DhtNode _node;

    public AllocationTests()
    {
        var clock = new ManualTimeProvider();
        var table = new LocalRoutingTable(
            NodeId.Random(_random), new KademliaOptions(), new SubnetDiversity(), clock);
        for (var i = 0; i < 500; i++)
        {
            var endpoint = UdpEndpoint.FromIPv4(0x0B00_0001 + ((uint)i << 8), 8468);
            table.Observe(ContactObservation.Answered(new Contact(NodeId.Random(_random), endpoint)));
        }

        _known = table.Snapshot.Contacts[0];
        var options = new KadNodeOptions { Limits = Limits, Upload = Upload };
        options.Trust.Add("11.0.0.0/8");
        _node = new DhtNode(options, _transport, table, _store, new NodeEnvironment { Time = clock, Random = _random });
        _node.Start();
    }

    public static TheoryData<string> Requests => ["ping", "stun", "find_node", "find_value held", "find_value missing"];

    [Theory]
    [MemberData(nameof(Requests))]
    public void Answering_a_known_contact_allocates_nothing(string request)
    {
        _node.Receive(Write("store", _known.Id), _known.Endpoint);
        var datagram = Write(request, _known.Id);

        Assert.Equal(0, BytesAllocatedBy(datagram, _known.Endpoint));
        Assert.Equal(1 + Answers, _transport.Sent);
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("stun")]
    public void Answering_a_stranger_within_the_limits_allocates_nothing(string request)
    {
        var datagram = Write(request, _known.Id);

        Assert.Equal(0, BytesAllocatedBy(datagram, Stranger));

        // With each pong a ping to prove the address; a STUN leaves no room for one.
        Assert.Equal((request == "ping" ? 2 : 1) * Answers, _transport.Sent);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Answering_a_verified_endpoint_allocates_nothing(string request)
    {
        Prove(_verified);
        _node.Receive(Write("store", _known.Id), _verified);
        var datagram = Write(request, _known.Id);
        _transport.Forget();

        Assert.Equal(0, BytesAllocatedBy(datagram, _verified));
        Assert.Equal(Answers, _transport.Sent);
    }

    [Fact]
    public void Checking_a_forged_proof_allocates_nothing()
    {
        _node.Receive(Write("ping", _known.Id), Stranger);
        var forged = new byte[Datagram.MaxLength];
        var length = ResponseWriter.WritePong(forged, new MessageId(_transport.FirstRequest.AsSpan(1, MessageId.Length)), _known.Id);

        Assert.Equal(0, BytesAllocatedBy(forged[..length], Stranger.WithPort(1)));
    }

    [Fact]
    public void Refusing_a_datagram_allocates_nothing()
    {
        var datagram = Write("find_node", _known.Id)[..^1];

        Assert.Equal(0, BytesAllocatedBy(datagram, Stranger));
        Assert.Equal(0, _transport.Sent);
    }

    [Fact]
    public void A_response_that_nobody_waits_for_allocates_nothing()
    {
        var datagram = new byte[Datagram.MaxLength];
        var length = ResponseWriter.WritePong(datagram, MessageId.Random(_random), _known.Id);

        Assert.Equal(0, BytesAllocatedBy(datagram[..length], _known.Endpoint));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    private void Prove(UdpEndpoint endpoint)
    {
        _node.Receive(Write("ping", _known.Id), endpoint);
        var pong = new byte[Datagram.MaxLength];
        var length = ResponseWriter.WriteEmptyPong(pong, new MessageId(_transport.FirstRequest.AsSpan(1, MessageId.Length)));
        _node.Receive(pong.AsSpan(0, length), endpoint);
    }

    private byte[] Write(string request, NodeId sender)
    {
        var id = MessageId.Random(_random);
        var buffer = new byte[Datagram.MaxLength];
        var length = request switch
        {
            "ping" => RequestWriter.WritePing(buffer, id, new PingRequest(sender)),
            "stun" => RequestWriter.WriteStun(buffer, id),
            "find_node" => RequestWriter.WriteFindNode(buffer, id, new FindNodeRequest(sender, Missing)),
            "find_value held" => RequestWriter.WriteFindValue(buffer, id, new FindValueRequest(sender, Held)),
            "find_value missing" => RequestWriter.WriteFindValue(buffer, id, new FindValueRequest(sender, Missing)),
            _ => WriteStore(buffer, id, sender),
        };
        return buffer[..length];
    }

    private static int WriteStore(byte[] buffer, MessageId id, NodeId sender)
    {
        var request = new StoreRequest(sender, Held, DhtValue.FromBytes(new byte[64]));
        return RequestWriter.TryWriteStore(buffer, id, request, out var length) ? length : 0;
    }

    private long BytesAllocatedBy(byte[] datagram, UdpEndpoint source)
    {
        // Long enough for the runtime to replace what it compiled in haste.
        Receive(datagram, source);
        return Enumerable.Range(0, Measurements).Min(_ => Measure(datagram, source));
    }

    private long Measure(byte[] datagram, UdpEndpoint source)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(datagram, source);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Receive(byte[] datagram, UdpEndpoint source)
    {
        for (var i = 0; i < Rounds; i++)
        {
            _node.Receive(datagram, source);
        }
    }
}
