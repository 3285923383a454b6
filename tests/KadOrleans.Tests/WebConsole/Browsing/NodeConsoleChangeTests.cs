using KadOrleans.Browser;

namespace KadOrleans.Tests.WebConsole;

/// <summary>What the console of a real <c>kad node</c> changes.</summary>
public sealed class NodeConsoleChangeTests(NodeConsolePlace place) : ConsoleChangesContract(place), IClassFixture<NodeConsolePlace>;
