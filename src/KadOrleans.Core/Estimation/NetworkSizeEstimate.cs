namespace KadOrleans.Core.Estimation;

/// <summary>How many nodes a network has, as far as lookups tell.</summary>
/// <param name="Nodes">The estimate; 0 or more, not rounded.</param>
/// <param name="StandardError">In nodes: the truth lies within twice this in about 19 of 20 cases, if nobody lies.</param>
/// <param name="Lookups">How many lookups it rests on.</param>
public sealed record NetworkSizeEstimate(double Nodes, double StandardError, int Lookups);
