namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The scenarios with two edges of a cluster.</summary>
public sealed class ClusterScenarios(ClusterNetwork network) : NetworkScenarios(network), IClassFixture<ClusterNetwork>;
