namespace KadOrleans.Tests.Node;

/// <summary>Newcomers that ask once, while requests with forged sources pour in.</summary>
public sealed class NewcomersUnderFloodTests
{
    private const int Seed = 47;
    private const int PerMillisecond = 20;

    private readonly SimulatedWorld _world = new(Seed);
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];

    public static TheoryData<string> Floods => ["ping", "stun", "find_node", "find_value", "store", "large store", "mixed"];

    [Theory]
    [MemberData(nameof(Floods))]
    public void Of_a_hundred_newcomers_ninety_nine_are_answered(string flood) => Pour(flood, milliseconds: 1_000, newcomers: 200);

    [Theory]
    [Trait("Tier", "Long")]
    [MemberData(nameof(Floods))]
    public void Of_a_hundred_newcomers_ninety_nine_are_answered_in_a_longer_flood(string flood) => Pour(flood, milliseconds: 5_000, newcomers: 400);

    private void Pour(string flood, int milliseconds, int newcomers) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(25, Without.Walks);
        var node = _world.Nodes[0];
        var asking = Enumerable.Range(0, newcomers).Select(i => (At: _world.Random.Next(milliseconds), Kind: i % 4)).ToLookup(n => n.At, n => n.Kind);
        var peers = new List<RawPeer>();
        for (var time = 0; time < milliseconds; time++)
        {
            foreach (var kind in asking[time])
            {
                peers.Add(Ask(node.Transport.Endpoint, kind));
            }

            for (var i = 0; i < PerMillisecond; i++)
            {
                node.Node.Engine.Receive(Forge(flood), ForgedSource());
            }

            await _world.PassAsync(TimeSpan.FromMilliseconds(1));
        }

        await _world.PassAsync(TimeSpan.FromSeconds(3));
        var answered = peers.Count(newcomer => newcomer.Responses.Any());
        Assert.True(answered >= 0.99 * newcomers, $"{answered} of {newcomers} were answered; seed {Seed}");
        Assert.Equal(newcomers / 4, (await node.Store.GetUsageAsync()).Keys);
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

    private ReadOnlySpan<byte> Forge(string flood)
    {
        var kinds = Floods.Select(row => row.Data).ToList();
        var kind = flood == "mixed" ? kinds[_world.Random.Next(kinds.Count - 1)] : flood;
        var (id, key) = (MessageId.Random(_world.Random), NodeId.Random(_world.Random));
        return _buffer.AsSpan(0, kind switch
        {
            "ping" => RequestWriter.WritePing(_buffer, id, new PingRequest(key)),
            "stun" => RequestWriter.WriteStun(_buffer, id),
            "find_node" => RequestWriter.WriteFindNode(_buffer, id, new FindNodeRequest(key, key)),
            "find_value" => RequestWriter.WriteFindValue(_buffer, id, new FindValueRequest(key, key)),
            "store" => WriteStore(id, key, 1),
            _ => WriteStore(id, key, 8_000),
        });
    }

    private int WriteStore(MessageId id, NodeId key, int bytes) => RequestWriter.TryWriteStore(
        _buffer, id, new StoreRequest(key, key, DhtValue.FromBytes(new byte[bytes])), out var length) ? length : 0;

    // From 128.0.0.0 on, away from everybody else; nobody is there.
    private UdpEndpoint ForgedSource() => UdpEndpoint.FromIPv4(0x8000_0000 + (uint)_world.Random.Next(0x5F00_0000), 8468);
}
