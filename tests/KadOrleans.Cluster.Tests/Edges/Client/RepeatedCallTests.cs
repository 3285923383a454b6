using System.Net.Sockets;
using Orleans.Runtime.Messaging;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>What becomes of calls whose response is lost: they may have run.</summary>
[Collection(SixteenShards.Name)]
public sealed class RepeatedCallTests(SixteenShardCluster cluster) : IAsyncLifetime
{
    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly DateTimeOffset Now = StoredValues.Now;

    // Of each call of a cluster's management the grain's method that is called, and whether it is called again when its response is lost.
    private static readonly Dictionary<string, (string Grain, string Method, bool IsRepeated, Func<IDhtAdmin, Task> Call)> Calls = new()
    {
        [nameof(IDhtAdmin.ScanAsync)] = OfShard(nameof(IKeyShardGrain.ScanAsync), true, admin => admin.ScanAsync(string.Empty, null, 1)),
        [nameof(IDhtAdmin.DescribeKeyAsync)] = OfShard(nameof(IKeyShardGrain.GetAsync), true, admin => admin.DescribeKeyAsync(Key)),
        [nameof(IDhtAdmin.FindKeptAsync)] = OfShard(nameof(IKeyShardGrain.GetAsync), true, admin => admin.FindKeptAsync(Key)),
        [nameof(IDhtAdmin.DeleteAsync)] = OfShard(nameof(IKeyShardGrain.UnpublishAsync), false, admin => admin.DeleteAsync(Key)),
        ["DeleteAsync, its second call"] = OfShard(nameof(IKeyShardGrain.RemoveAsync), false, admin => admin.DeleteAsync(Key)),
        [nameof(IDhtAdmin.ScanPublicationsAsync)] = OfShard(nameof(IKeyShardGrain.ScanAsync), true, admin => admin.ScanPublicationsAsync(null, 1)),
        [nameof(IDhtAdmin.ReadValuesAsync)] = OfShard(nameof(IKeyShardGrain.ScanAsync), true, async admin => await admin.ReadValuesAsync().CountAsync()),
        [nameof(IDhtAdmin.ImportAsync)] = OfShard(
            nameof(IKeyShardGrain.PutAsync), true, admin => admin.ImportAsync([new(Key, new StoredValue("value", Now, Now.AddDays(1), SourceNetwork.Trusted))])),
        [nameof(IDhtAdmin.GetUsageAsync)] = OfShard(nameof(IKeyShardGrain.GetUsageAsync), true, admin => admin.GetUsageAsync()),
        [nameof(IDhtAdmin.GetSourcesAsync)] = OfShard(nameof(IKeyShardGrain.GetSourcesAsync), true, admin => admin.GetSourcesAsync(1)),
        [nameof(IDhtAdmin.GetTableAsync)] = OfTable(nameof(IRoutingTableGrain.DescribeAsync), true, admin => admin.GetTableAsync()),
        [nameof(IDhtAdmin.GetContactAsync)] = OfTable(nameof(IRoutingTableGrain.FindAsync), true, admin => admin.GetContactAsync(Key)),
        [nameof(IDhtAdmin.DropContactAsync)] = OfTable(nameof(IRoutingTableGrain.DropAsync), false, admin => admin.DropContactAsync(Key)),
        [nameof(IDhtAdmin.RunAsync)] = OfTable(nameof(IRoutingTableGrain.RunAsync), false, admin => admin.RunAsync(DhtWork.Refresh)),
        [nameof(IDhtAdmin.GetEdgesAsync)] = (nameof(IEdgeDirectoryGrain), nameof(IEdgeDirectoryGrain.GetNamesAsync), true, admin => admin.GetEdgesAsync()),
        [nameof(IDhtAdmin.ChangeEdgeAsync)] =
            (nameof(IEdgeDirectoryGrain), nameof(IEdgeDirectoryGrain.ChangeAsync), false, admin => admin.ChangeEdgeAsync(FakeEdge.Name, EdgeAction.Drain)),
        [nameof(IDhtAdmin.GetShardsAsync)] = (nameof(IClusterGrain), nameof(IClusterGrain.GetShardsAsync), true, admin => admin.GetShardsAsync()),

        // Half of those that there are: they have been doubled.
        [nameof(IDhtAdmin.DoubleShardsAsync)] =
            (nameof(IClusterGrain), nameof(IClusterGrain.DoubleShardsFromAsync), true, admin => admin.DoubleShardsAsync(8)),
        [nameof(IDhtAdmin.GetBansAsync)] = (nameof(IRulesGrain), nameof(IRulesGrain.GetAsync), true, admin => admin.GetBansAsync()),
        [nameof(IDhtAdmin.BanAsync)] = (nameof(IRulesGrain), nameof(IRulesGrain.BanAsync), false, admin => admin.BanAsync(Ban.Parse("203.0.113.0/24"))),
        [nameof(IDhtAdmin.UnbanAsync)] = (nameof(IRulesGrain), nameof(IRulesGrain.BanAsync), false, admin => admin.UnbanAsync(Ban.Parse("203.0.113.0/24"))),
        [nameof(IDhtAdmin.GetLimitsAsync)] = (nameof(IRulesGrain), nameof(IRulesGrain.GetAsync), true, admin => admin.GetLimitsAsync()),
        [nameof(IDhtAdmin.SetLimitAsync)] = (nameof(IRulesGrain), nameof(IRulesGrain.SetLimitAsync), false, admin => admin.SetLimitAsync("totalKeys", 500_000)),
        [nameof(IDhtAdmin.RecordAsync)] =
            (nameof(IAuditGrain), nameof(IAuditGrain.AppendAsync), true, admin => admin.RecordAsync(new AuditEntry(Now, "me", "delete", "lost", true, "done"))),
        [nameof(IDhtAdmin.ReadAuditAsync)] = (nameof(IAuditGrain), nameof(IAuditGrain.ReadAsync), true, admin => admin.ReadAuditAsync(1)),
        [nameof(IDhtAdmin.StartCrawlAsync)] = (nameof(ICrawlGrain), nameof(ICrawlGrain.StartAsync), false, admin => admin.StartCrawlAsync()),
        [nameof(IDhtAdmin.CrawlAsync)] = (nameof(ICrawlGrain), nameof(ICrawlGrain.StartAsync), false, async admin => await admin.CrawlAsync().FirstAsync()),
        [nameof(IDhtAdmin.GetCrawlsAsync)] = (nameof(ICrawlGrain), nameof(ICrawlGrain.ListAsync), true, admin => admin.GetCrawlsAsync()),
    };

    // Those that call no grain, or an edge, or several silos by other rules; and those of a crawl that was begun.
    private static readonly HashSet<string> Others =
    [
        nameof(IDhtAdmin.TraceLookupAsync), nameof(IDhtAdmin.GetSilosAsync), nameof(IDhtAdmin.FindShardAsync), nameof(IDhtAdmin.GetShardAsync),
        nameof(IDhtAdmin.ReadCrawlAsync), nameof(IDhtAdmin.StopCrawlAsync), nameof(IDhtAdmin.FindNextDueAsync),
    ];

    private readonly FakeEdge _edge = new();

    private IDhtAdmin Admin { get; } = cluster.Service<IDhtAdmin>();

    public static TheoryData<string> Names => [.. Calls.Keys];

    public async ValueTask InitializeAsync() => await _edge.BeginAsync(cluster);

    public async ValueTask DisposeAsync() => await _edge.EndAsync(cluster);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_change_that_may_have_been_made_is_not_made_again(string name)
    {
        var (grain, method, isRepeated, call) = Calls[name];
        var made = new ConcurrentDictionary<GrainId, int>();
        cluster.Gate.Arrived = context =>
        {
            // Who calls cannot see whether it has run.
            if (context.InterfaceMethod.DeclaringType!.Name == grain && context.InterfaceMethod.Name == method
                && made.AddOrUpdate(context.TargetId, 1, static (_, calls) => calls + 1) == 1)
            {
                throw new TimeoutException("The response did not come in time.");
            }
        };
        if (isRepeated)
        {
            await call(Admin);
        }
        else
        {
            var failure = await Assert.ThrowsAsync<DhtUnavailableException>(() => call(Admin));
            Assert.Contains("and may have made the change all the same", failure.Message, StringComparison.Ordinal);
        }

        Assert.NotEmpty(made);
        Assert.All(made.Values, calls => Assert.InRange(calls, isRepeated ? 2 : 1, isRepeated ? int.MaxValue : 1));
    }

    [Fact]
    public void Each_call_of_the_management_is_known_to_be_repeated_or_not() => Assert.Equal(
        typeof(IDhtAdmin).GetInterfaces().SelectMany(part => part.GetMethods()).Select(method => method.Name).Order().Distinct(),
        Calls.Keys.Where(name => !name.Contains(',', StringComparison.Ordinal)).Concat(Others).Order());

    [Fact]
    public async Task Shards_are_doubled_only_from_the_number_that_the_caller_knows()
    {
        Assert.Equal(new ShardCount(16, null), await Admin.DoubleShardsAsync(8));
        foreach (var count in new[] { 0, 4, 15, 32 })
        {
            Assert.Equal(
                $"The cluster has 16 shards, not {count}: look at them, and decide again.",
                (await Assert.ThrowsAsync<ArgumentException>(() => Admin.DoubleShardsAsync(count))).Message);
        }

        Assert.Equal(new ShardCount(16, null), await Admin.GetShardsAsync());
    }

    /// <summary>The storage of its shard failed, as the shard says.</summary>
    [Theory]
    [InlineData(nameof(IKeyShardGrain.UnpublishAsync))]
    [InlineData(nameof(IKeyShardGrain.WriteAsync))]
    [InlineData(nameof(IKeyShardGrain.GetAsync))]
    public async Task A_call_that_storage_fails_is_unavailable(string method)
    {
        var dht = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();
        cluster.Gate.Set<IKeyShardGrain>(method, () => throw new IOException("The storage of a key shard failed."));

        await Assert.ThrowsAsync<DhtUnavailableException>(() => method switch
        {
            nameof(IKeyShardGrain.UnpublishAsync) => dht.UnpublishAsync(Key),
            nameof(IKeyShardGrain.WriteAsync) => dht.SetAsync(Key, "value"),
            _ => dht.GetAsync(Key),
        });
    }

    [Fact]
    public async Task An_unpublish_whose_response_is_lost_is_not_made_again()
    {
        var dht = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();
        await dht.SetAsync(Key, "value");
        var calls = 0;
        cluster.Gate.Lose = context => context.InterfaceMethod.Name == nameof(IKeyShardGrain.UnpublishAsync)
            && context.InterfaceMethod.DeclaringType == typeof(IKeyShardGrain) && Interlocked.Increment(ref calls) == 1;

        await Assert.ThrowsAsync<DhtUnavailableException>(() => dht.UnpublishAsync(Key));
        Assert.Equal(1, calls);
        Assert.False(await dht.UnpublishAsync(Key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_set_under_a_condition_whose_response_is_lost_finds_its_own_success(bool hasLife)
    {
        var dht = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();
        var key = NodeId.FromKey($"lost {hasLife}");
        var puts = 0;
        cluster.Gate.Lose = context => context.InterfaceMethod.Name == nameof(IKeyShardGrain.WriteAsync)
            && context.InterfaceMethod.DeclaringType == typeof(IKeyShardGrain) && Interlocked.Increment(ref puts) == 1;

        var set = await dht.SetIfAsync(key, 1, found => found is null, SetAcknowledgement.Network, hasLife ? TimeSpan.FromHours(1) : null);
        Assert.Equal((StoreResult.Stored, true), (set.Local, puts >= 2));

        // Another's is not its own.
        var other = await dht.SetIfAsync(key, 1, found => found is null, SetAcknowledgement.Network, hasLife ? TimeSpan.FromHours(1) : null);
        Assert.Equal(StoreResult.Superseded, other.Local);
    }

    [Fact]
    public async Task An_entry_of_the_audit_log_whose_response_is_lost_is_kept_once()
    {
        var entry = new AuditEntry(Now.AddDays(7), "me", "ban", "203.0.113.0/24", true, "done");
        var isLost = false;
        cluster.Gate.Lose = context => context.InterfaceMethod.Name == nameof(IAuditGrain.AppendAsync) && !isLost && (isLost = true);
        await Admin.RecordAsync(entry);
        Assert.True(isLost);
        await cluster.Cluster.DeactivateAsync(cluster.Client.GetGrain<IAuditGrain>(GrainKeys.Singleton));
        await Admin.RecordAsync(entry);

        Assert.Single(await Admin.ReadAuditAsync(10), read => read.Time == entry.Time);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public async Task A_call_that_was_not_delivered_is_made_again(bool isRefused, int expected)
    {
        var calls = 0;
        var clock = new ManualTimeProvider();
        var calling = new GrainCalls(clock, NullLogger.Instance).CallOnceAsync("grain", CallAsync, new TimeLimit(TimeSpan.FromSeconds(9), clock), CancellationToken.None);
        while (!calling.IsCompleted && clock.FireNext())
        {
            await Task.Yield();
        }

        await ((Task)calling).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        Assert.Equal((isRefused, expected), (calling.IsCompletedSuccessfully, calls));

        ValueTask<int> CallAsync() => ++calls == 3 ? new(calls)
            : ValueTask.FromException<int>(isRefused ? new ConnectionFailedException("The silo cannot be reached.") : new TimeoutException("No response."));
    }

    /// <summary>Orleans passes the error of a socket on as it is, where the other side ends a connection while it is made.</summary>
    [Fact]
    public async Task A_call_whose_connection_ends_while_it_is_made_is_made_again_if_it_may_run_twice()
    {
        var calls = 0;
        var limit = new TimeLimit(TimeSpan.FromSeconds(9), TimeProvider.System);
        Assert.Equal(2, await new GrainCalls(TimeProvider.System, NullLogger.Instance).CallAsync("grain", CallAsync, limit, CancellationToken.None));
        calls = 0;
        await Assert.ThrowsAsync<SocketException>(
            () => new GrainCalls(TimeProvider.System, NullLogger.Instance).CallOnceAsync("grain", CallAsync, limit, CancellationToken.None));

        ValueTask<int> CallAsync() => ++calls == 2 ? new(calls) : ValueTask.FromException<int>(new SocketException((int)SocketError.NotConnected));
    }

    private static (string Grain, string Method, bool IsRepeated, Func<IDhtAdmin, Task> Call) OfShard(string method, bool isRepeated, Func<IDhtAdmin, Task> call) =>
        (nameof(IKeyShardGrain), method, isRepeated, call);

    private static (string Grain, string Method, bool IsRepeated, Func<IDhtAdmin, Task> Call) OfTable(string method, bool isRepeated, Func<IDhtAdmin, Task> call) =>
        (nameof(IRoutingTableGrain), method, isRepeated, call);
}
