namespace KadOrleans.Http;

/// <summary>What a console is the console of.</summary>
/// <param name="IsCluster">Whether it is a cluster, which has silos, or one node.</param>
/// <param name="Storage">Where it keeps its state, in a few words.</param>
/// <param name="Dashboard">The path of Orleans' dashboard on this server, relative to the console's; null if it is not served.</param>
internal sealed record ConsoleSubject(bool IsCluster, string Storage, string? Dashboard = null);
