namespace KadOrleans;

/// <summary>What a routing table knows of a contact.</summary>
/// <param name="Table">The node id whose table it is.</param>
/// <param name="Known">The contact and its history.</param>
public sealed record ContactDetails(NodeId Table, KnownContact Known);
