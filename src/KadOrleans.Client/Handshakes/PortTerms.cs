namespace KadOrleans.Client;

/// <summary>What both sides of a connection must agree on.</summary>
/// <param name="Kind">The kind of port that was called.</param>
/// <param name="Cluster">The cluster's id.</param>
internal readonly record struct PortTerms(PortKind Kind, string Cluster);
