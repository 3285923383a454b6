using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.Edges;

[Collection(Clients.Name)]
public sealed class DhtClientTests(SixteenShardCluster cluster) : DhtContract, IAsyncLifetime
{
    private const string EdgeName = "client-tests";

    private readonly FakeEdge _edge = new();
    private long _epoch;

    private IDht Client { get; } = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();

    private IEdgeDirectoryGrain Directory => cluster.Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    public async ValueTask InitializeAsync()
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);

        // The facade forgets the edges of the test before.
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        var lease = await Directory.LeaseAsync(EdgeName, 1, cluster.Grains.CreateObjectReference<IEdgeObserver>(_edge));
        _epoch = lease.Epoch;
    }

    public async ValueTask DisposeAsync()
    {
        cluster.Gate.Open();
        await Directory.ReleaseAsync(EdgeName, _epoch);
        GC.KeepAlive(_edge);
    }

    protected override Task RunAsync(Func<IDht, Task> test) => test(Client);

    // A silo asks the shards for news by the cluster's clock.
    protected override Task AwaitAsync(Task pending) => Eventually.IsTrueAsync(() =>
    {
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(300));
        return pending.IsCompleted;
    });

    [Fact]
    public async Task A_set_tells_of_the_clusters_copy_and_of_the_networks()
    {
        var result = await Client.SetAsync("key", "value");

        Assert.Equal(StoreResult.Stored, result.Local);
        Assert.Equal((2, true), (result.Stored, result.Succeeded));
        Assert.Equal(3, result.Lookup?.Asked);
    }

    [Fact]
    public async Task The_edges_are_told_although_the_settings_cannot_be_read()
    {
        cluster.Gate.Set<IClusterGrain>(nameof(IClusterGrain.GetAsync), () => throw new IOException("The disk is full."));

        var status = await Client.GetStatusAsync(TestContext.Current.CancellationToken);

        Assert.Equal(EdgeName, Assert.Single(status.Nodes).Name);
    }

    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public async Task A_set_that_the_cluster_cannot_store_is_an_error(SetAcknowledgement acknowledgement)
    {
        cluster.Gate.Set<IKeyShardGrain>(nameof(IKeyShardGrain.PutAsync), () => throw new IOException("The disk is full."));

        var failure = await Assert.ThrowsAsync<DhtUnavailableException>(
            () => Client.SetAsync(NodeId.FromKey("key"), DhtValue.FromString("value"), acknowledgement));

        Assert.Contains("The disk is full.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_found_in_the_cluster_else_in_the_network_else_nowhere()
    {
        await Client.SetAsync("here", DhtValue.FromInteger(7));
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
    public async Task What_may_not_be_stored_or_asked_reaches_no_grain()
    {
        var before = (cluster.Gate.Count<IDhtGrain>("SetAsync"), cluster.Gate.Count<IDhtGrain>("PingAsync"));

        var large = await Assert.ThrowsAsync<ArgumentException>(
            async () => await Client.SetAsync("key", new byte[StoreRules.MaxContentLength + 1]));
        Assert.StartsWith("The value is 8138 bytes long; at most 8137 are allowed.", large.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Client.SetAsync("key", default(DhtValue)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Client.PingAsync(UdpEndpoint.Parse("224.0.0.1:1")));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Client.SetAsync("key", (string)null!));

        Assert.Equal(before, (cluster.Gate.Count<IDhtGrain>("SetAsync"), cluster.Gate.Count<IDhtGrain>("PingAsync")));
    }

    [Fact]
    public async Task Nodes_are_found_and_pinged_and_the_status_names_the_edges()
    {
        Assert.Equal(FakeEdge.Lookup.Closest, (await Client.FindNodeAsync(NodeId.FromKey("target"))).Closest);
        Assert.True((await Client.PingAsync(UdpEndpoint.Parse("203.0.113.1:8468"))).Answered);

        var status = await Client.GetStatusAsync();
        Assert.Contains(status.Nodes, edge => edge.Name == EdgeName);
    }

    [Fact]
    public async Task Without_a_live_edge_the_clusters_copy_stands_and_questions_for_the_network_say_why_they_fail()
    {
        await Directory.ReleaseAsync(EdgeName, _epoch);
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));

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

    // Orleans 10.4.2: a worker without state is called unordered, and yet a client reaches one id of it through one silo.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_calls_of_a_client_go_to_all_silos_and_those_for_one_id_to_one(bool isOneId)
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
            Task call = isOneId ? cluster.Grains.GetGrain<IDhtGrain>(0).GetStatusAsync().AsTask() : Client.GetStatusAsync(TestContext.Current.CancellationToken);
            await call;
        }

        Assert.Equal(isOneId ? 1 : cluster.Cluster.Silos.Count, silos.Count);
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
        var dht = isInSilo ? cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IDht>() : Client;
        using var cancelling = new CancellationTokenSource();
        Task lookup = isGet ? dht.GetAsync(FakeEdge.NetworkKey, cancelling.Token) : dht.FindNodeAsync(FakeEdge.NetworkKey, cancelling.Token);
        await begun.Task.WaitAsync(TestContext.Current.CancellationToken);

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookup);
        await ended.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_call_can_be_cancelled_before_and_during()
    {
        var reached = new TaskCompletionSource();
        var held = new TaskCompletionSource();
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
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Client.SetAsync("key", 1L, cancelling.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Client.GetStatusAsync(cancelling.Token));
        held.SetResult();
    }
}
