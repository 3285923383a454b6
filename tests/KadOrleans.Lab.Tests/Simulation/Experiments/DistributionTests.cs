using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Lab.Tests.Simulation.Experiments;

public sealed class DistributionTests
{
    [Fact]
    public void Percentiles_are_the_least_numbers_that_so_many_do_not_exceed() => Assert.Equal(
        new Distribution(50.5, 50, 99, 100), Distribution.Of(Enumerable.Range(1, 100).Select(i => (double)i)));

    [Fact]
    public void One_number_is_every_percentile() => Assert.Equal(new Distribution(3, 3, 3, 3), Distribution.Of([3]));

    [Fact]
    public void Without_numbers_every_percentile_is_zero() => Assert.Equal(default, Distribution.Of([]));
}
