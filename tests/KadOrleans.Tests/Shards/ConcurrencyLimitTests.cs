using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public sealed class ConcurrencyLimitTests
{
    private const int AtOnce = 8;

    private readonly ConcurrencyLimit _limit = new(AtOnce, mostWaiting: 16);

    [Fact]
    public async Task It_is_quiet_when_none_has_a_turn_also_after_one_that_failed()
    {
        Assert.True(_limit.WhenIdleAsync(TestContext.Current.CancellationToken).IsCompleted);
        var end = new TaskCompletionSource();
        var run = RunAsync(() => end.Task);
        var quiet = _limit.WhenIdleAsync(TestContext.Current.CancellationToken);
        Assert.False(quiet.IsCompleted);

        end.SetException(new IOException());
        await Assert.ThrowsAsync<IOException>(() => run);
        await quiet;
        Assert.True(_limit.WhenIdleAsync(TestContext.Current.CancellationToken).IsCompleted);
    }

    [Fact]
    public async Task More_than_may_wait_are_refused_at_once()
    {
        var end = new TaskCompletionSource();
        var runs = Enumerable.Range(0, AtOnce + 16).Select(_ => RunAsync(() => end.Task)).ToList();

        await Assert.ThrowsAsync<IOException>(() => RunAsync(() => end.Task));
        end.SetResult();
        await Task.WhenAll(runs);
        await RunAsync(() => Task.CompletedTask);
    }

    private async Task RunAsync(Func<Task> run)
    {
        using var permit = await _limit.AcquireAsync();
        await run();
    }
}
