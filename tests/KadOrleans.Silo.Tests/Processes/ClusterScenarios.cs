namespace KadOrleans.Silo.Tests.Processes;

/// <summary>The scenarios with two edges of a cluster.</summary>
public sealed class ClusterScenarios(ClusterNetwork network) : NetworkScenarios(network), IClassFixture<ClusterNetwork>;
