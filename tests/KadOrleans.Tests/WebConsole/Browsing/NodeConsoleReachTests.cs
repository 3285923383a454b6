using KadOrleans.Browser;

namespace KadOrleans.Tests.WebConsole;

/// <summary>Whom the console of a real <c>kad node</c> reaches.</summary>
public sealed class NodeConsoleReachTests(NodeConsolePlace place) : ConsoleReachContract(place), IClassFixture<NodeConsolePlace>;
