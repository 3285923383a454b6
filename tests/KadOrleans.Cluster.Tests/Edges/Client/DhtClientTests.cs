namespace KadOrleans.Cluster.Tests.Edges;

[Collection(SixteenShards.Name)]
public sealed class DhtClientTests(SixteenShardCluster cluster) : DhtContract, IAsyncLifetime
{
    private readonly FakeEdge _edge = new();

    private IDht Client { get; } = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();

    public async ValueTask InitializeAsync() => await _edge.BeginAsync(cluster);

    public async ValueTask DisposeAsync() => await _edge.EndAsync(cluster);

    protected override Task RunAsync(Func<IDht, Task> test) => test(Client);

    // A silo asks the shards for news by the cluster's clock.
    protected override Task AwaitAsync(Task pending) => Eventually.IsTrueAsync(() =>
    {
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(300));
        return pending.IsCompleted;
    });

    [Fact]
    public async Task A_watch_tells_of_the_end_of_a_life()
    {
        await using var watch = Client.WatchAsync("life").GetAsyncEnumerator();
        Assert.Null(await NextAsync());
        await Client.SetAsync("life", 1, TimeSpan.FromSeconds(10));
        Assert.Equal(1, await NextAsync());
        Assert.Null(await NextAsync());

        async Task<DhtValue?> NextAsync()
        {
            var next = watch.MoveNextAsync().AsTask();
            await AwaitAsync(next);
            Assert.True(await next);
            return watch.Current.Value;
        }
    }

    [Fact]
    public async Task A_set_that_the_cluster_cannot_store_is_an_error()
    {
        cluster.Gate.Set<IKeyShardGrain>(nameof(IKeyShardGrain.WriteAsync), () => throw new IOException("The disk is full."));

        var failure = await Assert.ThrowsAsync<DhtUnavailableException>(
            () => Client.SetAsync(NodeId.FromKey("key"), DhtValue.FromString("value"), SetAcknowledgement.Durable));

        Assert.Contains("The disk is full.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_found_in_the_cluster_else_in_the_network_else_nowhere()
    {
        var set = await Client.SetAsync("here", DhtValue.FromInteger(7));
        Assert.Equal((StoreResult.Stored, 2, 3), (set.Local, set.Stored, set.Lookup?.Asked));
        _edge.OnLookup = _ => throw new InvalidOperationException("What the cluster holds needs no lookup.");

        var here = await Client.GetAsync("here");
        Assert.Equal((DhtValue.FromInteger(7), null), (here.Value, here.Lookup));
        _edge.OnLookup = _ => Task.CompletedTask;
        var there = await Client.GetAsync(FakeEdge.NetworkKey);
        Assert.Equal("far away", there.Value?.AsString());
        Assert.NotNull(there.Lookup);
        var (found, value) = await Client.GetAsync<string>("nowhere");
        Assert.False(found);
        Assert.Null(value);
    }

    [Fact]
    public async Task Without_a_live_edge_the_clusters_copy_stands_and_questions_for_the_network_say_why_they_fail()
    {
        await _edge.LeaveAsync(cluster);

        var result = await Client.SetAsync("key", "value");
        Assert.Equal((StoreResult.Stored, 0, null), (result.Local, result.Stored, result.Lookup));
        Assert.Equal("value", (await Client.GetAsync<string>("key")).Value);
        await Assert.ThrowsAsync<DhtUnavailableException>(async () => await Client.GetAsync("nowhere"));
        await Assert.ThrowsAsync<DhtUnavailableException>(async () => await Client.FindNodeAsync(NodeId.FromKey("target")));
        await Assert.ThrowsAsync<DhtUnavailableException>(async () => await Client.PingAsync(UdpEndpoint.Parse("203.0.113.1:8468")));
    }

    [Fact]
    public async Task Silos_that_do_not_answer_are_told_of_in_a_sentence()
    {
        cluster.Gate.Set<IDhtGrain>("GetAsync", () => throw new SiloUnavailableException("Gone."));

        var failure = await Assert.ThrowsAsync<DhtUnavailableException>(async () => await Client.GetAsync("key"));

        Assert.StartsWith("The cluster does not respond", failure.Message, StringComparison.Ordinal);
        Assert.IsType<SiloUnavailableException>(failure.InnerException);
    }

    [Fact]
    public async Task What_a_silo_has_disposed_is_not_told_as_the_clients_stop()
    {
        cluster.Gate.Set<IDhtGrain>("GetAsync", () => throw new ObjectDisposedException("database"));

        var failure = await Assert.ThrowsAsync<DhtUnavailableException>(async () => await Client.GetAsync("key"));

        Assert.StartsWith("Something that the call needs was disposed: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("database", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_calls_of_a_client_go_to_all_silos()
    {
        var silos = new ConcurrentDictionary<SiloAddress, int>();
        cluster.Gate.Arrived = call =>
        {
            if (call.InterfaceMethod.DeclaringType == typeof(IDhtGrain))
            {
                silos.TryAdd(call.TargetContext.Address.SiloAddress!, 0);
            }
        };

        for (var i = 0; i < 64; i++)
        {
            await Client.GetStatusAsync();
        }

        Assert.Equal(cluster.Cluster.Silos.Count, silos.Count);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_lookup_that_is_cancelled_ends_at_the_edge(bool isGet, bool isInSilo)
    {
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        _edge.OnLookup = async token =>
        {
            begun.TrySetResult();
            await using var ending = token.Register(() => ended.TrySetResult());
            await ended.Task;
        };
        var dht = isInSilo ? cluster.Service<IDht>() : Client;
        using var cancelling = new CancellationTokenSource();
        Task lookup = isGet ? dht.GetAsync(FakeEdge.NetworkKey, cancelling.Token) : dht.FindNodeAsync(FakeEdge.NetworkKey, cancelling.Token);
        await begun.Task.WaitAsync(TestContext.Current.CancellationToken);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookup);
        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_cancelled_call_does_not_wait_for_the_cluster()
    {
        var (reached, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        cluster.Gate.Set<IDhtGrain>("GetAsync", () =>
        {
            reached.TrySetResult();
            return held.Task;
        });
        using var cancelling = new CancellationTokenSource();
        var get = Client.GetAsync("key", cancelling.Token);
        await reached.Task;

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => get);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.GetStatusAsync(cancelling.Token));
        held.SetResult();
    }
}
