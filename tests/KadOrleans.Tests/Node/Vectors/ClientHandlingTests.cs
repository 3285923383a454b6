namespace KadOrleans.Tests.Node;

/// <summary>Whatever a peer answers, the caller gets a sensible result and the node lives on.</summary>
public sealed class ClientHandlingTests
{
    /// <summary>Answers that give the caller the value "v". In all other cases get finds nothing.</summary>
    private static readonly HashSet<string> Hits =
        ["find_value:value-str", "find_value:value-extra-keys", "find_value:map-bin-key"];

    /// <summary>Answers to PING that make the peer a contact.</summary>
    private static readonly HashSet<string> Joins =
        ["ping:reply-good", "ping:reply-trailing-bytes", "ping:reply-twice"];

    /// <summary>Answers that name a contact somewhere else, which is then asked in vain.</summary>
    private static readonly HashSet<string> NamesAnother = ["find_value:node-ip-bin", "find_value:node-ip-v6-on-v4-socket"];

    public static TheoryData<string> Cases => [.. WireVectors.ClientHandling.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_answer_leads_to_a_sensible_result(string name) => SimulatedWorld.Run(9, async world =>
    {
        var call = WireVectors.ClientHandling.Single(c => c.Name == name);
        var node = await world.StartNodeAsync(o => o.Id = "0702c1cc60ff9e1331c47331a36ddd5d994ea38a");
        var peer = new RawPeer(
            world.Network.Bind(UdpEndpoint.Parse("127.0.0.1:28480")), NodeId.Parse("1ab9f16eafea8cce18a8abf188e9376c94c4c0cd"));
        peer.OnRequest = (request, id, answer) => Answer(call, world, peer, node, request, id, answer);

        var bootstrap = await node.Node.BootstrapAsync([$"{peer.Endpoint}"]);
        if (call.Function == "ping")
        {
            Assert.Equal(Joins.Contains(name) ? 1 : 0, bootstrap.Joined);
            return;
        }

        Assert.Equal(1, bootstrap.Joined);
        await CheckAsync(call, node);
        Assert.True((await node.Node.PingAsync(peer.Endpoint)).Answered);
    });

    private static async Task CheckAsync(RecordedCall call, SimulatedNode node)
    {
        if (call.Function == "store")
        {
            var set = await node.Node.SetAsync("k", DhtValue.FromString("v"));
            Assert.Equal(call.Name == "store:reply-true" ? 1 : 0, set.Stored);
            Assert.Equal(call.Name is "store:reply-false" or "store:reply-nil" ? 1 : 0, set.Refused);
            Assert.Equal(call.Name == "store:no-reply" ? 1 : 0, set.Failed);
            return;
        }

        var get = await node.Node.GetAsync("k");
        Assert.Equal(Hits.Contains(call.Name) ? "v" : default(DhtValue?), get.Value);
        Assert.Equal(NamesAnother.Contains(call.Name) ? 2 : 1, get.Lookup!.Asked);
    }

    private static int Answer(
        RecordedCall call, SimulatedWorld world, RawPeer peer, SimulatedNode node, Request request, MessageId id, Span<byte> answer)
    {
        if (request.Kind.ToString() != Kind(call.Function))
        {
            return request.Kind == RequestKind.Ping
                ? ResponseWriter.WritePong(answer, id, peer.Id)
                : ResponseWriter.WriteNodes(answer, id, []);
        }

        var sender = peer;
        if (call.Name == "ping:reply-from-other-port")
        {
            sender = world.AddPeer();
        }

        foreach (var reply in call.Replies)
        {
            var datagram = reply.ToArray();
            if (call.Name != "ping:reply-wrong-message-id")
            {
                id.CopyTo(datagram.AsSpan(1));
            }

            sender.Send(datagram, node.Transport.Endpoint);
        }

        return 0;
    }

    private static string Kind(string function) => function switch
    {
        "ping" => nameof(RequestKind.Ping),
        "store" => nameof(RequestKind.Store),
        _ => nameof(RequestKind.FindValue),
    };
}
