using KadOrleans.Core;
using KadOrleans.Simulation;

namespace KadOrleans.Testing.Simulation;

/// <summary>Peers under a test's control in a <see cref="SimulatedWorld"/>.</summary>
public static class SimulatedWorldPeers
{
    /// <summary>Adds a peer that a test plays itself.</summary>
    public static RawPeer AddPeer(this SimulatedWorld world) => new(world.Network.Bind(), NodeId.Random(world.Random));
}
