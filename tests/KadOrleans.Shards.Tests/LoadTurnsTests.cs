
namespace KadOrleans.Shards.Tests;

public sealed class LoadTurnsTests
{
    private readonly LoadTurns _loads = new();

    [Fact]
    public async Task So_many_load_at_once_and_the_others_in_the_order_in_which_they_were_asked()
    {
        var ends = Enumerable.Range(0, LoadTurns.AtOnce + 3).Select(_ => new TaskCompletionSource()).ToArray();
        var begun = ends.Select(_ => new TaskCompletionSource()).ToArray();
        var runs = ends.Select((end, i) => _loads.RunAsync(() =>
        {
            begun[i].SetResult();
            return end.Task;
        })).ToArray();
        Assert.All(begun[..LoadTurns.AtOnce], first => Assert.True(first.Task.IsCompleted));

        for (var next = LoadTurns.AtOnce; next < ends.Length; next++)
        {
            Assert.All(begun[next..], later => Assert.False(later.Task.IsCompleted));
            ends[next - LoadTurns.AtOnce].SetResult();
            await begun[next].Task;
        }

        Array.ForEach(ends[^LoadTurns.AtOnce..], end => end.SetResult());
        await Task.WhenAll(runs);
    }

    [Fact]
    public async Task It_is_quiet_when_none_loads_also_after_one_that_failed()
    {
        Assert.True(_loads.WhenQuietAsync(TestContext.Current.CancellationToken).IsCompleted);
        var end = new TaskCompletionSource();
        var run = _loads.RunAsync(() => end.Task);
        var quiet = _loads.WhenQuietAsync(TestContext.Current.CancellationToken);
        Assert.False(quiet.IsCompleted);

        end.SetException(new IOException());
        await Assert.ThrowsAsync<IOException>(() => run);
        await quiet;

        var all = Enumerable.Range(0, 2 * LoadTurns.AtOnce).Select(_ => _loads.RunAsync(() => Task.CompletedTask));
        await Task.WhenAll(all);
        Assert.True(_loads.WhenQuietAsync(TestContext.Current.CancellationToken).IsCompleted);
    }
}
