namespace KadOrleans.Lab;

/// <summary>Counts what requests draw towards an endpoint.</summary>
internal static class AmplificationTrial
{
    /// <summary>What one datagram draws towards a source that was never seen and stays silent, by call and family.</summary>
    public static IReadOnlyList<DrawnBytes> Run(int seed) => Scene.Run(seed, honest: 4, async scene =>
    {
        var results = new List<DrawnBytes>();

        // Few contacts, so that FIND is answered at once; then many, so that its answer is long.
        await DrawAsync(scene, "few contacts", results);
        await scene.StartHonestAsync(36);
        await DrawAsync(scene, "many contacts", results);
        return results;
    });

    /// <summary>Bytes that a second of FIND_VALUEs draws towards ports of one address, each of which has proved itself.</summary>
    public static double TowardsProven(int seed, int perSecond, TimeSpan duration, int ports = 1) => Scene.Run(seed, honest: 1, async scene =>
    {
        var key = scene.RandomId();
        await scene.HoldAsync(key, DhtValue.FromBytes(new byte[8_000]), holders: 1);
        var peers = scene.Bind(
            ports, AttackerSpread.OneHost, transport => new CountingPeer(scene.RandomId(), transport, PeerAnswers.Pings));
        await scene.IntroduceAsync(peers);
        var before = peers.Sum(peer => peer.ReceivedBytes);
        var flooder = new Flooder(scene.World.Network, scene.World.Clock, scene.Random, scene.Victim.Transport.Endpoint)
        {
            Sources = [.. peers.Select(peer => peer.Contact.Endpoint)],
            Write = requests => requests.FindValue(key).ToArray(),
        };
        await flooder.RunAsync(perSecond, duration);
        return (peers.Sum(peer => peer.ReceivedBytes) - before) / duration.TotalSeconds;
    });

    /// <summary>A datagram of each kind by a stranger.</summary>
    public static (string Call, byte[] Datagram)[] Calls(ForgedRequests requests, NodeId key) =>
    [
        ("PING", requests.Next(RequestKind.Ping).ToArray()),
        ("STUN", requests.Next(RequestKind.Stun).ToArray()),
        ("FIND_NODE", requests.Next(RequestKind.FindNode).ToArray()),
        ("FIND_VALUE", requests.Next(RequestKind.FindValue).ToArray()),
        ("STORE true", requests.Store(key, DhtValue.FromBoolean(true)).ToArray()),
        ("STORE 100 bytes", requests.Store(key, DhtValue.FromBytes(new byte[100])).ToArray()),
    ];

    private static async Task DrawAsync(Scene scene, string table, List<DrawnBytes> results)
    {
        var (key, held) = (scene.RandomId(), scene.RandomId());
        await scene.PutAsync(scene.Victim, held, DhtValue.FromBytes(new byte[8_000]));
        var requests = new ForgedRequests(scene.Random);
        foreach (var spread in new[] { AttackerSpread.ManyNetworks, AttackerSpread.OneSubscriber })
        {
            var first = scene.World.Nodes.Count * 100;
            foreach (var (call, datagram) in Calls(requests, key).Append(("FIND_VALUE, 8 KB", requests.FindValue(held).ToArray())))
            {
                var peer = scene.Bind(1, spread, transport => new CountingPeer(scene.RandomId(), transport, PeerAnswers.None), first++)[0];
                peer.Send(datagram, scene.Victim.Transport.Endpoint);
                await scene.PassAsync(20);
                var (name, family) = (call == "FIND_VALUE" ? $"{call}, miss" : call, peer.Contact.Endpoint.IsIPv4 ? "IPv4" : "IPv6");
                results.Add(new DrawnBytes($"{name}, {table}, {family}", datagram.Length, peer.ReceivedBytes, peer.Datagrams));
            }
        }
    }
}

/// <summary>What one datagram drew.</summary>
internal sealed record DrawnBytes(string Call, long Sent, long Drawn, int Datagrams)
{
    public double Ratio => Drawn / (double)Sent;
}

/// <summary>
/// A network comes to a node with a new id each 30 s, from one endpoint or from another host each time. Its ids are beside the node's own.
/// </summary>
internal static class HandOffTrial
{
    public const int Held = 100;

    private const int Newcomers = 60;

    /// <returns>STOREs that the node sent them.</returns>
    public static int Run(int seed, bool isOneEndpoint) => Scene.Run(seed, honest: 1, async scene =>
    {
        foreach (var key in scene.RandomIds(Held))
        {
            await scene.HoldAsync(key, Scene.Truth, holders: 1);
        }

        var stores = 0;
        for (var i = 0; i < Newcomers; i++)
        {
            await using var transport = scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.OneSubnet, isOneEndpoint ? 0 : i));
            var newcomer = new Sybil(scene.Victim.Id.RandomWithPrefix(20, scene.Random), transport, []);
            newcomer.Ping(scene.Victim.Transport.Endpoint, scene.Random);
            await scene.PassAsync(30);
            stores += newcomer.Stores;
        }

        return stores;
    });
}
