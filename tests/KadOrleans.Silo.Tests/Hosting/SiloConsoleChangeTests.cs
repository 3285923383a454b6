using KadOrleans.Browser;

namespace KadOrleans.Silo.Tests.Hosting;

/// <summary>What the console of a silo with an edge changes. The pages are those of a node, which the fast tests change.</summary>
[Trait("Tier", "Long")]
public sealed class SiloConsoleChangeTests(SiloConsolePlace place) : ConsoleChangesContract(place), IClassFixture<SiloConsolePlace>;
