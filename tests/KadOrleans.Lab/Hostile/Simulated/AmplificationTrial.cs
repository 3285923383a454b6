namespace KadOrleans.Lab;

/// <summary>Counts what requests draw towards an endpoint.</summary>
internal static class AmplificationTrial
{
    /// <summary>What one datagram draws towards a source that was never seen and stays silent, by call and family.</summary>
    public static IReadOnlyList<DrawnBytes> Run(int seed) => Scene.Run(seed, async scene =>
    {
        var results = new List<DrawnBytes>();

        // Few contacts, so that FIND is answered at once; then many, so that its answer is long.
        foreach (var honest in new[] { 4, 36 })
        {
            await scene.StartHonestAsync(honest);
            await DrawAsync(scene, honest == 4 ? "few contacts" : "many contacts", results);
        }

        return results;
    });

    /// <summary>Bytes that a second of FIND_VALUEs draws towards ports of one address, each of which has proved itself.</summary>
    public static double TowardsProven(int seed, int perSecond, TimeSpan duration, int ports = 1) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(1);
        var victim = scene.World.Nodes[0];
        var key = NodeId.Random(scene.Random);
        await scene.HoldAsync(key, DhtValue.FromBytes(new byte[8_000]), holders: 1);
        var peers = Enumerable.Range(0, ports).Select(i => new SilentPeer(
            NodeId.Random(scene.Random), scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.OneHost, i)), answersPings: true)).ToList();
        await scene.IntroduceAsync(peers);

        var before = peers.Sum(peer => peer.ReceivedBytes);
        var flooder = new Flooder(scene.World.Network, scene.World.Clock, scene.Random, victim.Transport.Endpoint)
        {
            Sources = [.. peers.Select(peer => peer.Contact.Endpoint)],
            Write = requests => requests.FindValue(key).ToArray(),
        };
        await flooder.RunAsync(perSecond, duration);
        return (peers.Sum(peer => peer.ReceivedBytes) - before) / duration.TotalSeconds;
    });

    private static async Task DrawAsync(Scene scene, string table, List<DrawnBytes> results)
    {
        var victim = scene.World.Nodes[0];
        var key = NodeId.Random(scene.Random);
        var value = NodeId.Random(scene.Random);
        var now = scene.World.Clock.GetUtcNow();
        await victim.Store.PutAsync(value, new StoredValue(DhtValue.FromBytes(new byte[8_000]), now, now + TimeSpan.FromDays(1), default));
        var requests = new ForgedRequests(scene.Random);
        foreach (var spread in new[] { AttackerSpread.ManyNetworks, AttackerSpread.OneSubscriber })
        {
            var calls = new (string Call, byte[] Datagram)[]
            {
                ("PING", requests.Next(RequestKind.Ping).ToArray()),
                ("STUN", requests.Next(RequestKind.Stun).ToArray()),
                ("FIND_NODE", requests.Next(RequestKind.FindNode).ToArray()),
                ("FIND_VALUE, miss", requests.Next(RequestKind.FindValue).ToArray()),
                ("FIND_VALUE, 8 KB", requests.FindValue(value).ToArray()),
                ("STORE true", requests.Store(key, DhtValue.FromBoolean(true)).ToArray()),
                ("STORE 100 bytes", requests.Store(key, DhtValue.FromBytes(new byte[100])).ToArray()),
            };
            for (var i = 0; i < calls.Length; i++)
            {
                var endpoint = AttackerAddresses.Of(spread, (scene.World.Nodes.Count * 100) + i);
                var peer = new SilentPeer(NodeId.Random(scene.Random), scene.World.Network.Bind(endpoint));
                peer.Send(calls[i].Datagram, victim.Transport.Endpoint);
                await scene.World.PassAsync(TimeSpan.FromSeconds(20));
                results.Add(new DrawnBytes(
                    $"{calls[i].Call}, {table}, {(endpoint.IsIPv4 ? "IPv4" : "IPv6")}",
                    calls[i].Datagram.Length, peer.ReceivedBytes, peer.Received));
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
    public static int Run(int seed, bool isOneEndpoint) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(1);
        var victim = scene.World.Nodes[0];
        for (var i = 0; i < Held; i++)
        {
            await scene.HoldAsync(NodeId.Random(scene.Random), Scene.Truth, holders: 1);
        }

        var stores = 0;
        for (var i = 0; i < Newcomers; i++)
        {
            var endpoint = AttackerAddresses.Of(AttackerSpread.OneSubnet, isOneEndpoint ? 0 : i);
            await using var transport = scene.World.Network.Bind(endpoint);
            var newcomer = new Sybil(victim.Id.RandomWithPrefix(20, scene.Random), transport, []);
            newcomer.Ping(victim.Transport.Endpoint, scene.Random);
            await scene.World.PassAsync(TimeSpan.FromSeconds(30));
            stores += newcomer.Stores;
        }

        return stores;
    });
}
