namespace KadOrleans.Tests.Node;

/// <summary>Each kind of request has a response of its own, whoever sends it. None is handled as another.</summary>
public sealed class RequestKindTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");

    private readonly SimulatedWorld _world = new(seed: 43);

    public static MatrixTheoryData<string, Asker> Requests => new(Enum.GetNames<RequestKind>(), Enum.GetValues<Asker>());

    public enum Asker
    {
        Trusted,

        /// <summary>Its address is unproven; it answers the ping.</summary>
        Stranger,

        /// <summary>The callee is a client.</summary>
        OfAClient,
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_gets_the_response_of_its_kind(string request, Asker asker) => _world.Run(async () =>
    {
        var kind = Enum.Parse<RequestKind>(request);
        await using var node = await _world.StartAsync(options =>
        {
            options.ClientOnly = asker == Asker.OfAClient;
            if (asker == Asker.Trusted)
            {
                options.Trust.Add("0.0.0.0/0");
            }
        });
        var peer = _world.AddAnsweringPeer();

        peer.Send(RequestBytes.Of(kind, MessageId.Random(_world.Random), new StoreRequest(peer.Id, Key, "value")), node.LocalEndpoints[0]);
        await _world.PassAsync(TimeSpan.FromSeconds(2));

        Assert.True(Datagram.TryReadHeader(Assert.Single(peer.Responses), out _, out _, out var body));
        Assert.True(IsResponse(kind, body, asker), Convert.ToHexString(body));
        Assert.Equal(1, node.Engine.Counts[$"received.{kind}"]);
        Assert.Equal(kind == RequestKind.Store && asker != Asker.OfAClient ? 1 : 0, node.Engine.Counts["stores.accepted"]);
    });

    // A pong is 20 bytes of bin, which none of the other readers takes.
    private static bool IsResponse(RequestKind kind, ReadOnlySpan<byte> body, Asker asker) => kind switch
    {
        RequestKind.Ping => asker == Asker.OfAClient ? ResponseReader.IsEmptyPong(body) : ResponseReader.TryReadPong(body, out _),
        RequestKind.Stun => ResponseReader.TryReadStun(body, out _),
        RequestKind.Store => ResponseReader.TryReadStored(body, out var stored) && stored == (asker != Asker.OfAClient),
        RequestKind.FindNode or RequestKind.FindValue => ResponseReader.TryReadNodes(body, new Contact[20], out _),
    };
}
