namespace KadOrleans.Cluster.Tests.Edges;

public sealed class ClusterWatchTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");

    [Fact]
    public async Task The_cluster_is_asked_no_more_when_the_host_stops_though_somebody_holds_a_watch()
    {
        var (time, asked) = (new ManualTimeProvider(), 0);
        using var ending = new CancellationTokenSource();
        var watches = new ClusterWatch(AnswerAsync, time, ending.Token);
        await using var watch = watches.RunAsync(Key, () => Task.FromResult(new GetResult(value: null, lookup: null)), CancellationToken.None)
            .GetAsyncEnumerator(CancellationToken.None);
        Assert.True(await watch.MoveNextAsync());
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(1, watch.Current.Value);
        await Eventually.IsTrueAsync(() => time.NextDue is not null);

        await ending.CancelAsync();
        await Eventually.IsTrueAsync(() => time.NextDue is null);
        Assert.Equal(1, asked);

        Task<DhtWatchResult> AnswerAsync(DhtWatchRequest request)
        {
            asked++;
            return Task.FromResult(new DhtWatchResult([new WatchedValue(Key, 1, ExpiresAt: null)], [], time.GetUtcNow()));
        }
    }
}
