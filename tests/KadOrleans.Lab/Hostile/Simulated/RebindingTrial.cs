namespace KadOrleans.Lab;

/// <summary>A node joins and looks up through contacts that name third parties. Counts what those are sent.</summary>
internal static class RebindingTrial
{
    private const int Ports = 300;
    public const int Lookups = 20;

    /// <returns>Datagrams that the host was sent, on all ports.</returns>
    public static int Run(int seed, uint host) => Scene.Run(seed, async scene =>
    {
        var victims = Enumerable.Range(0, Ports)
            .Select(i => new SilentPeer(
                NodeId.Random(scene.Random), scene.World.Network.Bind(UdpEndpoint.FromIPv4(host, (ushort)(1_000 + i)))))
            .ToList();
        await scene.StartHonestAsync(10);
        var rebinder = new Rebinder(
            NodeId.Random(scene.Random),
            scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.OneHost, 0)),
            scene.Random,
            [.. victims.Select(victim => victim.Contact.Endpoint)]);
        await scene.IntroduceAsync([rebinder]);
        for (var i = 0; i < Lookups; i++)
        {
            await scene.World.PickNode().Node.FindNodeAsync(NodeId.Random(scene.Random));
        }

        return victims.Sum(victim => victim.Received);
    });
}
