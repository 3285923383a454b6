using KadOrleans.Browser;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What the console changes, over a silo with an edge. The fast tests do it over a node.</summary>
[Trait("Tier", "Long")]
public sealed class SiloConsoleChangeTests(SiloConsolePlace place) : ConsoleChangesContract(place), IClassFixture<SiloConsolePlace>;
