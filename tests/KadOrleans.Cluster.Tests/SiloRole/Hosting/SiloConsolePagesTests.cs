using KadOrleans.Browser;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What the console shows, over a silo with an edge. The fast tests look at it over a node.</summary>
[Trait("Tier", "Long")]
public sealed class SiloConsolePagesTests(SiloConsolePlace place) : ConsoleContract(place), IClassFixture<SiloConsolePlace>;
