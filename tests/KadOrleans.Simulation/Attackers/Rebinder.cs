using KadOrleans.Core;

namespace KadOrleans.Simulation.Attackers;

/// <summary>
/// Names third parties under invented ids beside the target, so that whoever believes it sends requests to them: hosts of
/// private networks, or a victim.
/// </summary>
/// <param name="id">Its id.</param>
/// <param name="transport">Its place on the network.</param>
/// <param name="random">Where the ids come from.</param>
/// <param name="victims">Whom it names, in turn.</param>
public sealed class Rebinder(
    NodeId id, SimulatedTransport transport, SeededRandomSource random, IReadOnlyList<UdpEndpoint> victims)
    : AttackerPeer(id, transport)
{
    private const int Named = 20;
    private const int SharedBits = 24;

    private int _next;

    /// <inheritdoc/>
    protected override Contact[] Name(NodeId target) =>
        [.. Enumerable.Range(0, Named).Select(_ => new Contact(target.RandomWithPrefix(SharedBits, random), victims[_next++ % victims.Count]))];
}
