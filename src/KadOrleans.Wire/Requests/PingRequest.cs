using KadOrleans.Core;

namespace KadOrleans.Wire;

/// <summary>Asks whether a node is alive (Kademlia §2.3, PING).</summary>
/// <param name="Sender">The caller's id. Its address is the datagram's source, never something it says.</param>
public readonly record struct PingRequest(NodeId Sender);
