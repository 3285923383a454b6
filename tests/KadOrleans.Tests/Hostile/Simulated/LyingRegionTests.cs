namespace KadOrleans.Tests.Hostile;

/// <summary>What liars in a region of keys achieve against the node that keeps the region's values alive.</summary>
public sealed class LyingRegionTests(ITestOutputHelper output)
{
    private const int Seed = 46;

    [Theory]
    [InlineData(RegionLie.Hide, 15, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.Hide, 60, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.Hide, 60, AttackerSpread.ManyNetworks, 3)]
    [InlineData(RegionLie.Hide, 200, AttackerSpread.OneSubnet, 2)]
    [InlineData(RegionLie.Invent, 8, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.Refuse, 15, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.Drop, 15, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.DropMost, 8, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.Delay, 8, AttackerSpread.ManyNetworks, 0)]
    [InlineData(RegionLie.ChangeTokens, 15, AttackerSpread.ManyNetworks, 0)]
    internal void Values_reach_as_many_honest_nodes_as_by_a_lookup_of_each_key(RegionLie lie, int liars, AttackerSpread spread, int denser) =>
        Check(new LyingRegion(lie, liars, spread, denser));

    [Theory]
    [InlineData(RegionLie.Hide, 15, AttackerSpread.ManyNetworks, false)]
    [InlineData(RegionLie.Hide, 60, AttackerSpread.ManyNetworks, false)]
    [InlineData(RegionLie.Hide, 250, AttackerSpread.OneHost, false)]
    [InlineData(RegionLie.Drop, 60, AttackerSpread.ManyNetworks, false)]
    [InlineData(RegionLie.Hide, 40, AttackerSpread.ManyNetworks, true)]
    [InlineData(RegionLie.Drop, 40, AttackerSpread.ManyNetworks, true)]
    internal void Liars_that_come_once_a_region_was_surveyed_take_no_more_places(RegionLie lie, int liars, AttackerSpread spread, bool clones) =>
        Check(new LyingRegion(lie, liars, spread, ComesLate: true, AreClones: clones));

    private void Check(LyingRegion region)
    {
        var result = LyingRegionTrial.Run(Seed, region);
        output.WriteLine($"{region}: {result}");

        Assert.True(result.Held >= result.Found - 0.5, $"seed {Seed}: {result}");
        Assert.True(result.FindsPerValue <= 1.5 * result.Asked, $"seed {Seed}: {result}");
    }
}
