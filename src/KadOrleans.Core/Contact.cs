namespace KadOrleans.Core;

/// <summary>A remote node: its id and the endpoint it is reached at (Kademlia §2.1).</summary>
/// <param name="Id">The id it answers with.</param>
/// <param name="Endpoint">The source of its datagrams; the protocol advertises no other address.</param>
public readonly record struct Contact(NodeId Id, UdpEndpoint Endpoint)
{
    /// <summary><c>40 hex digits@address:port</c>.</summary>
    public override string ToString() => $"{Id}@{Endpoint}";
}
