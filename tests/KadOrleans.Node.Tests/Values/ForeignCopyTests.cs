using KadOrleans.Core.Values;
using KadOrleans.Simulation;
using KadOrleans.Testing.Simulation;
using KadOrleans.Wire;

namespace KadOrleans.Node.Tests.Values;

/// <summary>A stranger stores another value on the very node that reads.</summary>
public sealed class ForeignCopyTests
{
    private readonly SimulatedWorld _world = new(seed: 78);

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void A_node_gets_what_the_holders_have_and_not_what_a_stranger_stored_on_it(int reader) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(12, Without.Walks);
        await _world.Nodes[0].Node.SetAsync("key", DhtValue.FromString("truth"));
        var node = _world.Nodes[reader];
        var stranger = _world.AddPeer();
        stranger.OnRequest = stranger.AnswerPings;
        var lie = DhtValue.FromString("lie");
        stranger.Store(
            node.Transport.Endpoint,
            MessageId.Random(_world.Random),
            new StoreRequest(stranger.Id, Core.NodeId.FromKey("key"), lie));
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(lie, (await node.Store.GetAsync(Core.NodeId.FromKey("key"), _world.Clock.GetUtcNow()))?.Value);

        Assert.Equal(DhtValue.FromString("truth"), (await node.Node.GetAsync("key")).Value);
    });
}
