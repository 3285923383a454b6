namespace KadOrleans.Cluster.Tests.Providers;

public sealed class ProviderReadingTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<TaskCompletionSource> _asked = [];
    private readonly ProviderReading _reading;

    public ProviderReadingTests() => _reading = new ProviderReading(
        () =>
        {
            _asked.Add(new TaskCompletionSource());
            return _asked[^1].Task;
        },
        _clock);

    [Fact]
    public async Task Requests_share_a_reading_and_while_the_provider_is_away_it_is_asked_once_in_a_while()
    {
        Assert.All(await AskAsync(() => _asked[^1].SetException(new IOException("away"))), Assert.False);
        Assert.All(await AskAsync(() => { }), Assert.False);
        Assert.Single(_asked);

        _clock.Advance(ProviderReading.Pause);
        Assert.All(await AskAsync(() => _asked[^1].SetResult()), Assert.True);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.All(await AskAsync(() => { }), Assert.True);
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task A_reading_that_fails_otherwise_is_no_outage_and_the_next_request_reads_again()
    {
        var asking = _reading.SucceedsAsync(CancellationToken.None);
        _asked[^1].SetException(new NotSupportedException("a mistake"));
        await Assert.ThrowsAsync<NotSupportedException>(() => asking);

        var again = _reading.SucceedsAsync(CancellationToken.None);
        _asked[^1].SetResult();
        Assert.True(await again);
    }

    [Fact]
    public async Task Who_leaves_ends_no_reading_of_others()
    {
        using var leaving = new CancellationTokenSource();
        var (left, other) = (_reading.SucceedsAsync(leaving.Token), _reading.SucceedsAsync(CancellationToken.None));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        _asked[^1].SetResult();
        Assert.True(await other);
        Assert.Single(_asked);
    }

    private async Task<bool[]> AskAsync(Action then)
    {
        Task<bool>[] asking = [.. Enumerable.Range(0, 50).Select(_ => _reading.SucceedsAsync(CancellationToken.None))];
        then();
        return await Task.WhenAll(asking);
    }
}
