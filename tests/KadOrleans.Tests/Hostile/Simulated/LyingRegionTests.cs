namespace KadOrleans.Tests.Hostile;

/// <summary>What liars in a region of keys achieve against the node that keeps the region's values alive.</summary>
public sealed class LyingRegionTests(ITestOutputHelper output)
{
    private const int Seed = 46;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, LyingRegionTrial.Tried.Count)];

    /// <summary>Those that come once a region was surveyed take no more places than others, and clones of honest ids none.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_reach_as_many_honest_nodes_as_by_a_lookup_of_each_key(int number)
    {
        var region = LyingRegionTrial.Tried[number];
        var result = LyingRegionTrial.Run(Seed, region);
        output.WriteLine($"{region}: {result}");

        Assert.True(result.Held >= result.Found - 0.5, $"seed {Seed}, {region}: {result}");
        Assert.True(result.FindsPerValue <= 1.5 * result.Asked, $"seed {Seed}, {region}: {result}");
    }
}
