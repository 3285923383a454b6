using KadOrleans.Grains.Edges;
using KadOrleans.Grains.Tests.Serialization;

namespace KadOrleans.Grains.Tests.Edges;

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

        var kept = ForgottenNames.Update(edges, name => name == "lives", Now);

        Assert.Equal(["away", "lives"], kept.Keys.Order());
        Assert.Equal(Now, kept["lives"].LastSeen);
        Assert.Equal(edges["away"].LastSeen, kept["away"].LastSeen);
    }

    [Fact]
    public void A_name_that_an_older_build_wrote_or_a_wrong_clock_counts_from_now()
    {
        var edges = new Dictionary<string, EdgeState> { ["old"] = EdgeOf(null), ["ahead"] = EdgeOf(Now.AddYears(1)) };

        var kept = ForgottenNames.Update(edges, _ => false, Now);

        Assert.All(kept.Values, edge => Assert.Equal(Now, edge.LastSeen));
        Assert.Empty(ForgottenNames.Update(kept, _ => false, Now + ForgottenNames.Life));
    }

    [Fact]
    public void What_else_is_known_of_a_name_stays()
    {
        var edge = EdgeOf(Now);
        var kept = ForgottenNames.Update(new Dictionary<string, EdgeState> { ["some"] = edge }, _ => true, Now);

        Deep.Equal(edge, kept["some"]);
    }

    [Fact]
    public void The_time_of_a_live_edge_is_noted_once_a_day()
    {
        Assert.True(ForgottenNames.IsNoteDue(EdgeOf(null), Now));
        Assert.True(ForgottenNames.IsNoteDue(EdgeOf(Now - ForgottenNames.NotePeriod), Now));
        Assert.False(ForgottenNames.IsNoteDue(EdgeOf(Now - ForgottenNames.NotePeriod + TimeSpan.FromSeconds(1)), Now));
    }

    private static EdgeState EdgeOf(DateTimeOffset? seen) =>
        new() { Epoch = 7, NodeIds = ["a", "b"], Holder = "holder", IsReleased = true, LastSeen = seen };
}
