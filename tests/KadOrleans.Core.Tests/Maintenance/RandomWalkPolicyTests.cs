using KadOrleans.Core.Maintenance;

namespace KadOrleans.Core.Tests.Maintenance;

public sealed class RandomWalkPolicyTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(300);

    private readonly RandomWalkPolicy _policy = new(Interval, minTableSize: 4);

    [Fact]
    public void A_table_that_is_large_enough_is_due_at_the_interval()
    {
        Assert.True(_policy.IsDue(4, sinceLast: null));
        Assert.False(_policy.IsDue(4, Interval - TimeSpan.FromTicks(1)));
        Assert.True(_policy.IsDue(4, Interval));
    }

    [Fact]
    public void A_small_table_is_due_at_once_and_an_empty_one_never()
    {
        Assert.True(_policy.IsDue(3, TimeSpan.Zero));
        Assert.True(_policy.IsDue(1, TimeSpan.Zero));
        Assert.False(_policy.IsDue(0, sinceLast: null));
        Assert.False(_policy.IsDue(0, Interval));
    }

    [Fact]
    public void Earliness_brings_a_refresh_forward_by_a_tenth_at_most()
    {
        Assert.True(_policy.IsDue(4, 0.9 * Interval, earliness: 1));
        Assert.False(_policy.IsDue(4, (0.9 * Interval) - TimeSpan.FromSeconds(1), earliness: 1));
        Assert.False(_policy.IsDue(4, 0.9 * Interval, earliness: 0.5));
    }

    [Fact]
    public void Pauses_in_vain_grow_from_a_second_to_the_interval()
    {
        Assert.Equal(
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
            Enumerable.Range(1, 11).Select(fruitless => _policy.GetPause(tableSize: 2, fruitless).TotalSeconds));
        Assert.Equal(300, _policy.GetPause(tableSize: 2, int.MaxValue).TotalSeconds);
    }

    [Fact]
    public void Losses_and_first_contacts_are_noticed_soon()
    {
        Assert.Equal(RandomWalkPolicy.CheckPause, _policy.GetPause(tableSize: 50, fruitless: 0));
        Assert.Equal(RandomWalkPolicy.CheckPause, _policy.GetPause(tableSize: 0, fruitless: 20));
        Assert.Equal(TimeSpan.FromSeconds(2), new RandomWalkPolicy(TimeSpan.FromSeconds(2), 4).GetPause(50, 0));
    }
}
