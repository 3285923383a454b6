using KadOrleans.Core;

namespace KadOrleans.Wire;

/// <summary>Asks for the contacts nearest to an id (Kademlia §2.3, FIND_NODE).</summary>
/// <param name="Sender">The caller's id.</param>
/// <param name="Target">The id sought.</param>
public readonly record struct FindNodeRequest(NodeId Sender, NodeId Target);
