namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class FaultPlanTests
{
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_same_seed_gives_the_same_faults()
    {
        var members = new FaultMembers(3, 2, FaultKind.Kill, FaultKind.Freeze, FaultKind.Stop);

        Assert.Equal(FaultPlan.Create(4, 50, members, LongestFreeze), FaultPlan.Create(4, 50, members, LongestFreeze));
        Assert.NotEqual(FaultPlan.Create(4, 50, members, LongestFreeze), FaultPlan.Create(5, 50, members, LongestFreeze));
    }

    [Theory]
    [InlineData(9, FaultKind.Kill, FaultKind.Freeze, FaultKind.Stop)]
    [InlineData(10, FaultKind.Kill, FaultKind.Freeze, FaultKind.Stop, FaultKind.FailOver)]
    [InlineData(7, FaultKind.Freeze)]
    [InlineData(6)]
    public void Each_kind_befalls_each_target_that_can_bear_it_before_any_comes_again(int pairs, params FaultKind[] ofDatabase)
    {
        var faults = FaultPlan.Create(1, pairs, new FaultMembers(3, 2, ofDatabase), LongestFreeze);

        Assert.Equal(pairs, faults.Select(fault => (fault.Kind, fault.Target)).Distinct().Count());
        Assert.All(faults.Where(fault => fault.Kind == FaultKind.Freeze), fault =>
            Assert.InRange(fault.Duration, TimeSpan.FromSeconds(1), LongestFreeze));
    }
}
