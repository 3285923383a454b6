namespace KadOrleans.Simulation.Experiments;

/// <summary>The k-buckets of one prefix length.</summary>
/// <param name="Depth">How many leading bits the ids of such a bucket share.</param>
/// <param name="Buckets">Such buckets per table.</param>
/// <param name="Contacts">Contacts per bucket.</param>
/// <param name="FullShare">Share of them that hold k contacts.</param>
public readonly record struct DepthFill(int Depth, double Buckets, double Contacts, double FullShare);
