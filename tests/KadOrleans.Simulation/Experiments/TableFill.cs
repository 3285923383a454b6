namespace KadOrleans.Simulation.Experiments;

/// <summary>How full routing tables are, over a sample of the honest nodes that answer.</summary>
/// <param name="Sampled">Tables looked at.</param>
/// <param name="Contacts">Contacts per table.</param>
/// <param name="FullShare">Share of the k-buckets that hold k contacts.</param>
/// <param name="ByDepth">The same by the prefix length of the buckets, shortest first.</param>
public sealed record TableFill(int Sampled, Distribution Contacts, double FullShare, IReadOnlyList<DepthFill> ByDepth);
