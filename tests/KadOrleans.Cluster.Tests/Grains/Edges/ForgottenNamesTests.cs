namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ForgottenNamesTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_name_without_an_edge_for_thirty_days_is_forgotten()
    {
        var edges = new Dictionary<string, EdgeState>
        {
            ["lives"] = EdgeOf(Now - TimeSpan.FromDays(100)),
            ["gone"] = EdgeOf(Now - ForgottenNames.Life),
            ["away"] = EdgeOf(Now - ForgottenNames.Life + TimeSpan.FromSeconds(1)),
        };

        var kept = ForgottenNames.Update(edges, name => name == "lives" ? Now : null, Now);

        Assert.Equal(["away", "lives"], kept.Keys.Order());
        Deep.Equal(edges["lives"] with { LastSeen = Now }, kept["lives"]);
        Deep.Equal(edges["away"], kept["away"]);
    }

    [Fact]
    public void A_name_that_an_older_build_wrote_or_a_wrong_clock_counts_from_now()
    {
        var edges = new Dictionary<string, EdgeState> { ["old"] = EdgeOf(null), ["ahead"] = EdgeOf(Now.AddYears(1)) };

        var kept = ForgottenNames.Update(edges, _ => null, Now);

        Assert.All(kept.Values, edge => Assert.Equal(Now, edge.LastSeen));
        Assert.Empty(ForgottenNames.Update(kept, _ => null, Now + ForgottenNames.Life));
    }

    [Fact]
    public void The_time_of_a_live_edge_is_noted_once_a_day()
    {
        Assert.True(ForgottenNames.IsRecordDue(EdgeOf(null), Now));
        Assert.True(ForgottenNames.IsRecordDue(EdgeOf(Now - ForgottenNames.RecordPeriod), Now));
        Assert.False(ForgottenNames.IsRecordDue(EdgeOf(Now - ForgottenNames.RecordPeriod + TimeSpan.FromSeconds(1)), Now));
    }

    private static EdgeState EdgeOf(DateTimeOffset? seen) => new(7, ["a", "b"], "holder", IsReleased: true, seen);
}
