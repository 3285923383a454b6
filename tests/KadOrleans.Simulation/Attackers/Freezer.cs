using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>
/// Proves its address, and stores a value of its choice without a life. It may be another's value, which then lives longer than its
/// publisher said, or one of its own under a key that is free. A node of Python's <c>kademlia</c> does the same each hour with what it holds.
/// </summary>
public sealed class Freezer(NodeId id, SimulatedTransport transport) : AttackerPeer(id, transport)
{
    private readonly byte[] _store = new byte[Datagram.MaxLength];

    /// <summary>Sends a STORE to a node.</summary>
    /// <param name="node">To whom.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="random">Where the message's id comes from.</param>
    public void Store(UdpEndpoint node, NodeId key, DhtValue value, SeededRandomSource random)
    {
        RequestWriter.TryWriteStore(_store, MessageId.Random(random), new StoreRequest(Contact.Id, key, value), out var length);
        Send(_store.AsSpan(0, length), node);
    }
}
