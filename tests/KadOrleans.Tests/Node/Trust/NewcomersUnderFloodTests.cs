namespace KadOrleans.Tests.Node;

/// <summary>Newcomers that ask once, while requests with forged sources pour in.</summary>
public sealed class NewcomersUnderFloodTests
{
    private const int Newcomers = 200;

    private readonly SimulatedWorld _world = new(seed: 47);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_a_hundred_newcomers_ninety_nine_are_answered(bool isOfLargeStores) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(25, Without.Walks);
        var node = _world.Nodes[0];
        var large = DhtValue.FromBytes(new byte[8_000]);
        var flooder = new Flooder(_world.Network, _world.Clock, _world.Random, node.Transport.Endpoint)
        {
            Write = isOfLargeStores ? requests => requests.Store(NodeId.Random(_world.Random), large).ToArray() : null,
        };
        var flooding = flooder.RunAsync(perSecond: 20_000, TimeSpan.FromSeconds(1));
        var newcomers = new List<RawPeer>();
        for (var i = 0; i < Newcomers; i++)
        {
            newcomers.Add(Ask(node.Transport.Endpoint, kind: i % 4));
            await _world.PassAsync(TimeSpan.FromSeconds(1) / Newcomers);
        }

        await flooding;
        await _world.PassAsync(TimeSpan.FromSeconds(3));
        var answered = newcomers.Count(newcomer => newcomer.Responses.Any());
        Assert.True(answered >= 0.99 * Newcomers, $"{answered} of {Newcomers} were answered");
        Assert.Equal(Newcomers / 4, (await node.Store.GetUsageAsync()).Keys);
    });

    private RawPeer Ask(UdpEndpoint node, int kind)
    {
        var newcomer = _world.AddAnsweringPeer();
        var (id, key) = (MessageId.Random(_world.Random), NodeId.Random(_world.Random));
        switch (kind)
        {
            case 0:
                newcomer.Ping(node, id);
                break;
            case 1:
                newcomer.FindNode(node, id, key);
                break;
            case 2:
                newcomer.FindValue(node, id, key);
                break;
            default:
                newcomer.Store(node, id, new StoreRequest(default, key, DhtValue.FromString("of a newcomer")));
                break;
        }

        return newcomer;
    }
}
