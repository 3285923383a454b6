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

        var kept = ForgottenNames.Update(edges, name => name == "lives", Now);

        Assert.Equal(["away", "lives"], kept.Keys.Order());
        Deep.Equal(edges["lives"] with { LastSeen = Now }, kept["lives"]);
        Deep.Equal(edges["away"], kept["away"]);
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
    public void The_time_of_a_live_edge_is_noted_once_a_day()
    {
        Assert.True(ForgottenNames.IsNoteDue(EdgeOf(null), Now));
        Assert.True(ForgottenNames.IsNoteDue(EdgeOf(Now - ForgottenNames.NotePeriod), Now));
        Assert.False(ForgottenNames.IsNoteDue(EdgeOf(Now - ForgottenNames.NotePeriod + TimeSpan.FromSeconds(1)), Now));
    }

    private static EdgeState EdgeOf(DateTimeOffset? seen) => new(7, ["a", "b"], "holder", IsReleased: true, seen);
}

public sealed class KnownEdgesTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly KnownEdges _known;

    public KnownEdgesTests() => _known = new KnownEdges(_clock);

    [Fact]
    public void A_directory_that_just_moved_takes_no_edge_away_until_its_lease_would_have_ended()
    {
        Take(TimeSpan.FromHours(1), "one", "two");
        Take(TimeSpan.Zero);
        Assert.Equal(["one", "two"], Names);

        _clock.Advance(TimeSpan.FromSeconds(10));
        Take(TimeSpan.FromSeconds(10), "one");
        Assert.Equal(["one", "two"], Names);

        // Even if it moves again and again.
        _clock.Advance(TimeSpan.FromSeconds(20));
        Take(TimeSpan.FromSeconds(1));
        Assert.Equal(["one"], Names);
    }

    [Fact]
    public void A_directory_that_has_known_for_a_lease_is_believed()
    {
        Take(TimeSpan.FromHours(1), "one", "two");
        Take(IEdgeDirectoryGrain.LeaseDuration, "two", "three");
        Assert.Equal(["three", "two"], Names);
    }

    [Fact]
    public void An_edge_that_handed_its_lease_back_is_gone_at_once()
    {
        Take(TimeSpan.FromHours(1), "one", "two");
        _known.Take(new EdgeList([], TimeSpan.Zero, ["one"]));
        Assert.Equal(["two"], Names);
    }

    private IEnumerable<string> Names => _known.All.Select(edge => edge.Name).Order();

    private void Take(TimeSpan knownFor, params string[] names) => _known.Take(new EdgeList(
        [.. names.Select(name => new LiveEdge(name, 1, [], null!, new EdgeReport()))], knownFor, []));
}
