namespace KadOrleans.Tests.Node;

/// <summary>Peers that answer a crawl with whatever could stop it, mislead it or make it grow.</summary>
public sealed class HostileCrawlTests
{
    private const int Honest = 40;

    private delegate Contact[] Answerer(NodeId target);

    public static TheoryData<string> Kinds =>
    [
        "nearer for ever", "own address", "impossible addresses", "this host", "the same in all answers", "wrong ids",
        "64 at once", "the id of a client",
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_honest_node_is_found_whatever_the_liars_say(string kind)
    {
        var world = new SimulatedWorld(41);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(Honest, Without.Walks);
            var liars = Enumerable.Range(0, 3).Select(_ => AddLiar(world, kind)).ToList();
            await world.PassAsync(TimeSpan.FromSeconds(5));
            var (run, isDone) = await CrawlScene.CrawlAsync(world, world.Nodes[0].Contact.Endpoint);

            CrawlScene.Note($"{kind}: {run.Counts}, {run.Sent} datagrams");
            Assert.True(isDone);
            Assert.All(world.Nodes, n => Assert.True(run.Records.Single(r => r.Endpoint == n.Contact.Endpoint).IsComplete));
            Assert.Equal(Honest + liars.Count, run.Counts.Reachable);
            Assert.InRange(run.Records.Count, Honest + liars.Count, Honest + (liars.Count * (Crawl.MaxUnproven + 66)));
        });
    }

    [Fact]
    public void Liars_that_stand_behind_all_they_invent_stop_at_the_bound()
    {
        var world = new SimulatedWorld(42);
        world.Run(async () =>
        {
            // One program behind any number of ports: whoever is named answers, and names others.
            var liar = world.AddPeer();
            var next = 1;
            liar.OnRequest = Answer(liar, target => [.. Enumerable.Range(0, 20).Select(_ => Spawn(target))]);
            var (run, isDone) = await CrawlScene.CrawlAsync(world, liar.Endpoint, new CrawlOptions { MaxNodes = 120 });

            CrawlScene.Note($"{run.Counts}, {run.Sent} datagrams");
            Assert.True(isDone);
            Assert.Equal(120, run.Records.Count);
            Assert.True(run.Counts.Overflow > 0);

            Contact Spawn(NodeId target)
            {
                var id = target.RandomWithPrefix(20, world.Random);
                if (next > 160)
                {
                    return new Contact(id, UdpEndpoint.FromIPv4(0x0D00_0001, 9));
                }

                var spawn = new RawPeer(world.Network.Bind(liar.Endpoint.WithPort((ushort)(10_000 + next++))), id);
                spawn.OnRequest = Answer(spawn, t => [.. Enumerable.Range(0, 20).Select(_ => Spawn(t))]);
                return spawn.Contact;
            }
        });
    }

    [Fact]
    public void Answers_that_are_none_count_as_none()
    {
        var world = new SimulatedWorld(43);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(5, Without.Walks);
            var liar = world.AddPeer();
            liar.OnRequest = (request, id, answer) => request.Kind == RequestKind.Ping
                ? ResponseWriter.WritePong(answer, id, liar.Id)
                : ResponseWriter.WriteStored(answer, id, true);
            liar.Ping(world.Nodes[0].Contact.Endpoint, MessageId.Random(world.Random));
            await world.PassAsync(TimeSpan.FromSeconds(5));
            var (run, isDone) = await CrawlScene.CrawlAsync(world, world.Nodes[0].Contact.Endpoint);

            Assert.True(isDone);
            Assert.Equal(6, run.Counts.Reachable);
            Assert.False(run.Records.Single(r => r.Endpoint == liar.Endpoint).IsComplete);
        });
    }

    private static RawPeer AddLiar(SimulatedWorld world, string kind)
    {
        var liar = world.AddPeer();
        liar.OnRequest = Answer(liar, Lie(world, liar, kind));
        for (var i = 0; i < 20; i++)
        {
            liar.Ping(world.PickNode().Contact.Endpoint, MessageId.Random(world.Random));
        }

        return liar;
    }

    private static RawPeer.Answerer Answer(RawPeer peer, Answerer name) => (request, id, answer) => request.Kind switch
    {
        RequestKind.Ping => ResponseWriter.WritePong(answer, id, peer.Id),
        RequestKind.FindNode => ResponseWriter.WriteNodes(answer, id, name(request.AsFindNode().Target)),
        _ => 0,
    };

    private static Answerer Lie(SimulatedWorld world, RawPeer liar, string kind)
    {
        Contact[] fixedSet = Many(20, () => new Contact(NodeId.Random(world.Random), Elsewhere()));
        UdpEndpoint[] impossible = Array.ConvertAll(
            ["0.0.0.0:1", "224.0.0.1:5", "255.255.255.255:1", "11.0.0.1:0", "[::]:1", "[ff02::1]:1", "169.254.1.1:1"], UdpEndpoint.Parse);
        return kind switch
        {
            "nearer for ever" => target => Many(20, () => new Contact(target.RandomWithPrefix(world.Random.Next(159), world.Random), Elsewhere())),
            "own address" => target => Many(20, () => new Contact(target.RandomWithPrefix(9, world.Random), liar.Endpoint)),
            "impossible addresses" => target =>
                Many(20, () => new Contact(NodeId.Random(world.Random), impossible[world.Random.Next(impossible.Length)])),
            "this host" => target => Many(20, () => new Contact(
                NodeId.Random(world.Random), UdpEndpoint.FromIPv4(0x7F00_0001, (ushort)(1 + world.Random.Next(60_000))))),
            "the same in all answers" => _ => fixedSet,
            "wrong ids" => _ => Many(20, () => new Contact(NodeId.Random(world.Random), world.PickNode().Contact.Endpoint)),
            "64 at once" => target => Many(64, () => new Contact(NodeId.Random(world.Random), Elsewhere())),
            _ => _ => Many(20, () => new Contact(DhtNode.ClientId, Elsewhere())),
        };

        UdpEndpoint Elsewhere() => UdpEndpoint.FromIPv4((uint)(0x0D00_0000 + world.Random.Next(1 << 24)), 8468);
    }

    private static Contact[] Many(int count, Func<Contact> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
}
