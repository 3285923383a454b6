using FsCheck;
using FsCheck.Fluent;
using KadOrleans.Simulation;

namespace KadOrleans.Grains.Tests;

/// <summary>Random cases; FsCheck prints the seed when one fails.</summary>
internal static class Randomized
{
    public static void ForSeeds(int count, Action<SeededRandomSource> check) =>
        Prop.ForAll(
            Arb.From(Gen.Choose(0, int.MaxValue - 1)),
            seed =>
            {
                check(new SeededRandomSource(seed));
                return true;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(count));
}
