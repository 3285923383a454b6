using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Dht;
using KadOrleans.Simulation;

namespace KadOrleans.Grains.Tests.Edges;

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
