using KadOrleans.Node.RandomWalks;

namespace KadOrleans.Node.Tests;

/// <summary>What a simulated network leaves out.</summary>
internal static class Without
{
    /// <summary>Tables change by what a test does alone.</summary>
    public static void Walks(KadNodeOptions options) => options.RandomWalk = new RandomWalkOptions { AutoRefresh = false };
}
