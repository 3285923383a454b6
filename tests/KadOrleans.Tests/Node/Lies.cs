namespace KadOrleans.Tests.Node;

/// <summary>Peers that name contacts to stop, mislead or blow up whoever asks them.</summary>
internal static class Lies
{
    private static readonly UdpEndpoint[] Impossible = Array.ConvertAll(
        [
            "0.0.0.0:1", "224.0.0.1:5", "255.255.255.255:1", "11.0.0.1:0", "[::]:1", "[ff02::1]:1", "169.254.1.1:1", "10.0.0.1:1",
            "172.16.0.1:1", "192.168.1.1:1", "[::1]:1", "[fe80::1]:1", "[fc00::1]:1",
        ],
        UdpEndpoint.Parse);

    public static TheoryData<string> Kinds =>
    [
        "nearer for ever", "own address", "impossible addresses", "this host", "the same in all answers", "wrong ids",
        "a node's id and address", "64 at once", "the id of a client", "no contacts at all",
    ];

    /// <summary>Adds peers that lie.</summary>
    public static List<RawPeer> AddLiars(this SimulatedWorld world, int count, string kind) =>
        [.. Enumerable.Range(0, count).Select(_ => AddLiar(world, kind))];

    private static RawPeer AddLiar(SimulatedWorld world, string kind)
    {
        var liar = world.AddPeer();
        var lie = Of(world, liar, kind);
        liar.OnRequest = (request, id, answer) => request.Kind switch
        {
            RequestKind.FindNode when lie is not null => ResponseWriter.WriteNodes(answer, id, lie(request.Target)),
            RequestKind.FindValue when lie is not null => ResponseWriter.WriteNodes(answer, id, lie(request.Target)),
            RequestKind.FindNode => ResponseWriter.WriteStored(answer, id, true),
            _ => liar.AnswerPings(request, id, answer),
        };
        return liar;
    }

    private static Func<NodeId, Contact[]>? Of(SimulatedWorld world, RawPeer liar, string kind)
    {
        var (random, known) = (world.Random, world.Nodes[^1].Contact);
        var same = Many(20, () => new Contact(AnyId(), Elsewhere()));
        return kind switch
        {
            "nearer for ever" => target => Many(20, () => new Contact(target.RandomWithPrefix(random.Next(159), random), Elsewhere())),
            "own address" => target => Many(20, () => new Contact(target.RandomWithPrefix(9, random), liar.Endpoint)),
            "impossible addresses" => _ => Many(20, () => new Contact(AnyId(), Impossible[random.Next(Impossible.Length)])),
            "this host" => _ => Many(20, () => new Contact(AnyId(), UdpEndpoint.FromIPv4(0x7F00_0001, (ushort)(1 + random.Next(60_000))))),
            "the same in all answers" => _ => same,
            "wrong ids" => _ => Many(20, () => new Contact(AnyId(), world.PickNode().Contact.Endpoint)),
            "a node's id and address" => _ =>
                [.. Many(10, () => known with { Id = AnyId() }), .. Many(10, () => known with { Endpoint = Elsewhere() })],
            "64 at once" => _ => Many(64, () => new Contact(AnyId(), Elsewhere())),
            "the id of a client" => _ => Many(20, () => new Contact(DhtNode.ClientId, Elsewhere())),
            _ => null,
        };

        NodeId AnyId() => NodeId.Random(random);

        UdpEndpoint Elsewhere() => UdpEndpoint.FromIPv4((uint)(0x0D00_0000 + random.Next(1 << 24)), 8468);
    }

    private static Contact[] Many(int count, Func<Contact> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
}
