namespace KadOrleans.Tests.Node;

/// <summary>What is asked of a node at any time by anybody costs it no garbage.</summary>
public sealed class AllocationTests : IAsyncDisposable
{
    private const int Rounds = 1_000;

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

    public static MatrixTheoryData<string, bool> Requests =>
        new(["Ping", "Stun", "FindNode", "FindValue", "Missing"], [true, false]);

    /// <summary>A known contact is trusted, and a verified endpoint is a stranger that answered a ping.</summary>
    [Theory]
    [MemberData(nameof(Requests))]
    public void Answering_a_known_contact_or_a_verified_endpoint_allocates_nothing(string request, bool isKnown)
    {
        var source = isKnown ? _known.Endpoint : Stranger;
        _node.Receive(Write("Ping", _known.Id), Stranger);
        _node.Receive(Pong(_transport.FirstRequest.AsSpan(1, MessageId.Length)), Stranger);
        _node.Receive(Write("Store", _known.Id), source);

        AssertAllocatesNothing(Write(request, _known.Id), source, answers: 1);
    }

    /// <summary>The token is made of the source and the time, and nothing is kept of it.</summary>
    [Theory]
    [InlineData("Ping")]
    [InlineData("FindNode")]
    [InlineData("FindValue")]
    public void Giving_a_write_token_allocates_nothing(string request)
    {
        var kind = Enum.Parse<RequestKind>(request);
        var what = new StoreRequest(_known.Id, Missing, default);
        _node.Receive(RequestBytes.Of(kind, MessageId.Random(_random), what), _known.Endpoint);
        var length = _transport.LastLength;
        var datagram = RequestBytes.Of(kind, MessageId.Random(_random), what, asksForToken: true);
        _node.Receive(datagram, _known.Endpoint);
        Assert.Equal(length + TokenTrailer.Length, _transport.LastLength);

        AssertAllocatesNothing(datagram, _known.Endpoint, answers: 1);
    }

    // With each pong a ping to prove the address; a STUN leaves no room for one.
    [Theory]
    [InlineData("Ping", 2)]
    [InlineData("Stun", 1)]
    public void Answering_a_stranger_within_the_limits_allocates_nothing(string request, int answers) =>
        AssertAllocatesNothing(Write(request, _known.Id), Stranger, answers);

    [Fact]
    public void What_is_not_answered_allocates_nothing()
    {
        _node.Receive(Write("Ping", _known.Id), Stranger);

        // A forged proof, a datagram that is cut, and a response that nobody waits for.
        AssertAllocatesNothing(Pong(_transport.FirstRequest.AsSpan(1, MessageId.Length)), Stranger.WithPort(1), answers: 0);
        AssertAllocatesNothing(Write("FindNode", _known.Id)[..^1], Stranger, answers: 0);
        AssertAllocatesNothing(Pong(new byte[MessageId.Length]), _known.Endpoint, answers: 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static byte[] Pong(ReadOnlySpan<byte> id)
    {
        var pong = new byte[Datagram.MaxLength];
        return pong[..ResponseWriter.WriteEmptyPong(pong, new MessageId(id))];
    }

    private byte[] Write(string request, NodeId sender)
    {
        var (kind, key) = request == "Missing" ? (RequestKind.FindValue, Missing) : (Enum.Parse<RequestKind>(request), Held);
        return RequestBytes.Of(kind, MessageId.Random(_random), new StoreRequest(sender, key, DhtValue.FromBytes(new byte[64])));
    }

    private void AssertAllocatesNothing(byte[] datagram, UdpEndpoint source, int answers)
    {
        var (sent, rounds) = (_transport.Sent, 0);
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                _node.Receive(datagram, source);
            }

            rounds += Rounds;
        }));
        Assert.Equal(answers * rounds, _transport.Sent - sent);
    }
}
