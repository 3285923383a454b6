using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>
/// One of many ids of one attacker. It names the attacker's contacts nearest to the target, and nobody else. It takes every
/// STORE and stores nothing.
/// </summary>
public sealed class Sybil(NodeId id, SimulatedTransport transport, IReadOnlyList<Contact> gang) : AttackerPeer(id, transport)
{
    private const int Named = 20;

    /// <summary>STOREs that it acknowledged without keeping the value.</summary>
    public int Stores { get; private set; }

    /// <inheritdoc/>
    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer)
    {
        Stores += request.Kind == RequestKind.Store ? 1 : 0;
        return base.Answer(request, id, source, answer);
    }

    /// <inheritdoc/>
    protected override Contact[] Name(NodeId target) =>
        [.. gang.OrderBy(contact => contact.Id.DistanceTo(target)).Take(Named)];
}
