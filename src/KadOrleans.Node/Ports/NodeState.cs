using KadOrleans.Core;

namespace KadOrleans.Node.Ports;

/// <summary>A node's identity and the contacts it can bootstrap from.</summary>
/// <param name="Id">The node's id.</param>
/// <param name="Contacts">Contacts of its routing table, nearest first.</param>
public sealed record NodeState(NodeId Id, IReadOnlyList<Contact> Contacts);
