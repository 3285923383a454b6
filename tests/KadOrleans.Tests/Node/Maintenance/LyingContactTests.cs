using System.Buffers.Binary;

namespace KadOrleans.Tests.Node;

/// <summary>Random walks among contacts that answer with lies: they end, find the others, and believe nothing.</summary>
public sealed class LyingContactTests
{
    private const int Liars = 4;

    // How many of them three walks meet depends on where their targets lie: of fourteen seeds the fewest were 19, of 39.
    private const int LeastFound = 15;

    private SimulatedWorld _world = new(seed: 1);
    private readonly List<RawPeer> _liars = [];

    private delegate Contact[] Lie(NodeId target);

    public static TheoryData<int> Seeds => [1, 2, 3];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Walks_believe_no_invented_ids_at_addresses_of_others(int seed) => Walk(seed, _ =>
        [.. _world.Nodes.Take(20).Select(n => n.Contact with { Id = NodeId.Random(_world.Random) })]);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Walks_ignore_contacts_with_our_own_address_or_id(int seed) => Walk(seed, _ =>
    [
        .. Enumerable.Range(0, 10).Select(_ => _world.Nodes[^1].Contact with { Id = NodeId.Random(_world.Random) }),
        .. Enumerable.Range(1, 10).Select(port => new Contact(_world.Nodes[^1].Id, Invented().WithPort((ushort)port))),
    ]);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Walks_ignore_private_and_impossible_addresses(int seed)
    {
        string[] addresses =
        [
            "10.0.0.1:1", "172.16.0.1:1", "192.168.1.1:1", "127.0.0.1:1", "169.254.1.1:1", "0.0.0.0:1", "224.0.0.1:1",
            "255.255.255.255:1", "11.0.0.1:0", "[::1]:1", "[fe80::1]:1", "[fc00::1]:1", "[ff02::1]:1", "[::]:1",
        ];
        Walk(seed, target => [.. addresses.Select((text, i) => new Contact(Near(target, 100 + i), UdpEndpoint.Parse(text)))]);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Walks_end_among_invented_contacts_that_are_always_nearer(int seed)
    {
        var depth = 20;
        Walk(seed, target => [.. Enumerable.Range(0, 20).Select(_ => new Contact(Near(target, Math.Min(150, ++depth)), Invented()))]);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Walks_end_among_nearer_contacts_that_answer_with_other_ids(int seed)
    {
        var depth = 20;
        Walk(
            seed,
            target => [.. Enumerable.Range(0, 20).Select(_ => new Contact(Near(target, Math.Min(150, ++depth)), AddLiar(null).Endpoint))],
            withFalsePongs: true);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Walks_survive_responses_with_thousands_of_contacts(int seed) => Run(seed, async () =>
    {
        var node = await StartAsync(_ => []);
        foreach (var liar in _liars)
        {
            liar.OnRequest = (request, id, answer) =>
            {
                if (request.Kind == RequestKind.FindNode)
                {
                    liar.Send(WriteMany(id, _world.Random.Next(2) == 0 ? 220 : 1_500), node.Contact.Endpoint);
                    return 0;
                }

                return liar.AnswerPings(request, id, answer);
            };
        }

        await CheckAsync(node);
    });

    private void Run(int seed, Func<Task> test)
    {
        _world = new SimulatedWorld(seed);
        _world.Run(test);
    }

    private void Walk(int seed, Lie lie, bool withFalsePongs = false) => Run(seed, async () =>
    {
        var node = await StartAsync(lie);
        if (withFalsePongs)
        {
            lie = Bounded(lie);
            _liars.ForEach(liar => liar.OnRequest = Answer(liar, lie));
        }

        await CheckAsync(node);
    });

    private async Task<SimulatedNode> StartAsync(Lie lie)
    {
        await _world.StartNetworkAsync(40, Without.Walks);
        var node = _world.Nodes[^1];
        for (var i = 0; i < Liars; i++)
        {
            var liar = AddLiar(lie);
            await node.Node.PingAsync(liar.Endpoint);
            Assert.True(node.Node.RoutingTable.TryGet(liar.Id, out _));
        }

        return node;
    }

    private async Task CheckAsync(SimulatedNode node)
    {
        var begun = _world.Clock.Elapsed;
        var walk = new RandomWalk(node.Node.Engine, new RandomWalkOptions(), _world.Environment);

        var found = await walk.RunConcurrentRandomWalksAsync(3, node.Node.RoutingTable.Count);
        Assert.InRange(_world.Clock.Elapsed - begun, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        var real = _world.Nodes.Select(n => n.Contact).Concat(_liars.Select(l => l.Contact)).ToHashSet();
        Assert.All(found, c => Assert.Contains(c, real));
        Assert.All(node.Node.RoutingTable.Contacts, c => Assert.Contains(c, real));
        Assert.DoesNotContain(node.Contact, found);
        Assert.InRange(found.Count(c => _liars.All(l => l.Id != c.Id)), LeastFound, 39);
    }

    /// <summary>A peer that lies; with no lie of its own, one that is only named in the lies of others.</summary>
    private RawPeer AddLiar(Lie? lie)
    {
        var liar = _world.AddPeer();
        liar.OnRequest = Answer(liar, lie ?? (_ => []));
        _liars.Add(liar);
        return liar;
    }

    private static RawPeer.Answerer Answer(RawPeer liar, Lie lie) => (request, id, answer) =>
        request.Kind == RequestKind.FindNode
            ? ResponseWriter.WriteNodes(answer, id, lie(request.AsFindNode().Target))
            : liar.AnswerPings(request, id, answer);

    /// <summary>A liar has not more than so many machines.</summary>
    private Lie Bounded(Lie lie) => target => _liars.Count > 200 ? [] : lie(target);

    private UdpEndpoint Invented() => UdpEndpoint.FromIPv4(0x5000_0000 + (uint)_world.Random.Next(0x0F00_0000), 9);

    private NodeId Near(NodeId target, int shared) => target.RandomWithPrefix(shared, _world.Random);

    private byte[] WriteMany(MessageId id, int count)
    {
        var datagram = new List<byte>(ResponseHeader(id)) { 0xDC, (byte)(count >> 8), (byte)count };
        var port = new byte[2];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)(i + 1));
            datagram.AddRange([0x93, 0xC4, NodeId.Length, .. NodeId.Random(_world.Random).ToByteArray()]);
            datagram.AddRange([0xA8, .. "80.0.0.1"u8, 0xCD, .. port]);
        }

        return [.. datagram];
    }

    private static byte[] ResponseHeader(MessageId id)
    {
        var answer = new byte[Datagram.MaxLength];
        ResponseWriter.WriteEmptyPong(answer, id);
        return answer[..21];
    }
}
