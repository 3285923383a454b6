namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class FaultPlanTests
{
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_same_seed_gives_the_same_faults()
    {
        var members = new FaultMembers(3, 2, HasDatabase: true, DatabaseIsDurable: true);

        Assert.Equal(FaultPlan.Create(4, 50, members, LongestFreeze), FaultPlan.Create(4, 50, members, LongestFreeze));
        Assert.NotEqual(FaultPlan.Create(4, 50, members, LongestFreeze), FaultPlan.Create(5, 50, members, LongestFreeze));
    }

    [Theory]
    [InlineData(true, true, false, 9)]
    [InlineData(true, true, true, 10)]
    [InlineData(true, false, false, 7)]
    [InlineData(false, true, false, 6)]
    public void Each_kind_befalls_each_target_that_can_bear_it_before_any_comes_again(bool hasDatabase, bool isDurable, bool hasStandby, int pairs)
    {
        var faults = FaultPlan.Create(1, pairs, new FaultMembers(3, 2, hasDatabase, isDurable, hasStandby), LongestFreeze);

        Assert.Equal(pairs, faults.Select(fault => (fault.Kind, fault.Target)).Distinct().Count());
        Assert.All(faults.Where(fault => fault.Kind == FaultKind.Freeze), fault =>
            Assert.InRange(fault.Duration, TimeSpan.FromSeconds(1), LongestFreeze));
    }
}
