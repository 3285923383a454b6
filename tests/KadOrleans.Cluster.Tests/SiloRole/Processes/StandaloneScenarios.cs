namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The scenarios with two standalone nodes.</summary>
public sealed class StandaloneScenarios(StandaloneNetwork network) : NetworkScenarios(network), IClassFixture<StandaloneNetwork>;
