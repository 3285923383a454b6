namespace KadOrleans.Lab;

/// <summary>A node joins and looks up through contacts that name third parties. Counts what those are sent.</summary>
internal static class RebindingTrial
{
    public const int Lookups = 20;

    private const int Ports = 300;

    /// <returns>Datagrams that the host was sent, on all ports.</returns>
    public static int Run(int seed, uint host) => Scene.Run(seed, honest: 10, async scene =>
    {
        var victims = Enumerable.Range(0, Ports)
            .Select(i => new CountingPeer(
                scene.RandomId(), scene.World.Network.Bind(UdpEndpoint.FromIPv4(host, (ushort)(1_000 + i))), PeerAnswers.None))
            .ToList();
        await scene.IntroduceAsync(scene.Bind(1, AttackerSpread.OneHost, transport => new Rebinder(
            scene.RandomId(), transport, scene.Random, [.. victims.Select(victim => victim.Contact.Endpoint)])));
        for (var i = 0; i < Lookups; i++)
        {
            await scene.World.PickNode().Node.FindNodeAsync(scene.RandomId());
        }

        return victims.Sum(victim => victim.Datagrams);
    });
}
