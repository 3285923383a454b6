using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public sealed class ByteBudgetTests
{
    [Fact]
    public async Task What_is_refused_takes_nothing_from_others_meanwhile()
    {
        var whole = new ByteBudget(10);
        var part = new ByteBudget(8, whole);
        using var ended = new CancellationTokenSource();
        var refused = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                Assert.False(part.TryTake(9));
                Assert.False(whole.TryTake(11));
            }
        });

        for (var i = 0; i < 200_000; i++)
        {
            Assert.True(part.TryTake(8));
            part.Give(8);
        }

        await ended.CancelAsync();
        await refused;
        Assert.Equal((0, 0), (part.Used, whole.Used));
    }

    [Fact]
    public void What_the_whole_refuses_the_part_has_not_taken()
    {
        var whole = new ByteBudget(10);
        var (one, other) = (new ByteBudget(8, whole), new ByteBudget(8, whole));

        Assert.True(one.TryTake(8));
        Assert.False(other.TryTake(3));
        Assert.True(other.TryTake(2));
        one.Give(8);
        Assert.True(other.TryTake(6));
        Assert.Equal((0, 8, 8), (one.Used, other.Used, whole.Used));
    }
}
