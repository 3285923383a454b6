using KadOrleans.Core;

namespace KadOrleans.Wire;

/// <summary>
/// Asks for the value of a key or, failing that, the contacts nearest to it (Kademlia §2.3, FIND_VALUE).
/// </summary>
/// <param name="Sender">The caller's id.</param>
/// <param name="Key">The key, already hashed into the id space.</param>
public readonly record struct FindValueRequest(NodeId Sender, NodeId Key);
