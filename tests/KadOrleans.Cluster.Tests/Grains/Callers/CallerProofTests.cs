using System.Diagnostics.CodeAnalysis;
using KadOrleans.Cluster.Tests.SiloRole;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Metadata;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Silos that have a key, and those that have none yet, in one cluster.</summary>
public sealed class CallerProofTests : IAsyncLifetime
{
    private const string Key = "a key of the test";

    private readonly ClusterFixture _cluster;
    private readonly ActivationLook _activations = new();
    private string? _key = Key;

    private string? _clientName;
    private bool _isOpenToOthers;

    public CallerProofTests()
    {
        _cluster = new ClusterFixture
        {
            Silos = 1,
            FindsDeadSilosSoon = true,
            ConfigureClient = client =>
            {
                if (_clientName is { } name)
                {
                    StrangerNames.Take(client, name);
                }
            },
            RemoveServices = services =>
            {
                if (_clientName is not null)
                {
                    // The gateway would end its connection at the first message; here the filter of calls is what refuses it.
                    services.RemoveAll<IPostConfigureOptions<SiloConnectionOptions>>();
                }
            },
            AddServices = services =>
            {
                services.AddSingleton<IConfigureGrainContextProvider>(_activations);

                // The clock of the cluster stands still, and looks have a pause.
                services.AddSingleton(silo => new UnprovenSilos(silo, silo.GetRequiredService<CallerProofs>(), TimeProvider.System));
                if (_isOpenToOthers)
                {
                    services.AddSingleton(silo => new CallerProofs(
                        silo.GetRequiredService<IOptions<KadClusterOptions>>(),
                        Options.Create(new EndpointOptions { GatewayListeningEndpoint = new IPEndPoint(IPAddress.Any, 30000) }),
                        silo.GetRequiredService<ILocalSiloDetails>(),
                        silo.GetRequiredService<ISiloStatusOracle>()));
                }
            },
        };
        var configure = _cluster.Configure;
        _cluster.Configure = options =>
        {
            configure(options);
            options.EdgeKey = _key;

            // What the test's cluster asks its silos.
            options.OpenAssemblies.Add("Orleans.Runtime");
        };
    }

    private IRulesGrain Rules => _cluster.Client.GetGrain<IRulesGrain>(GrainKeys.Singleton);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Neither_grains_nor_observers_see_proof_or_key()
    {
        await _cluster.InitializeAsync();
        await _cluster.Cluster.StartAdditionalSiloAsync();
        var (seen, calls) = (0, 0);
        _cluster.Gate.Arrived = _ => Look();
        var edge = new TestEdge
        {
            Get = _ =>
            {
                Look();
                return Task.FromResult(new GetResult(null, KadOrleans.Lab.Samples.Lookup));
            },
        };

        RequestContext.Set(EdgeKey.ContextKey, Key);
        await _cluster.Directory.LeaseAsync("edge", 1, _cluster.Reference(edge));
        RequestContext.Clear();
        await _cluster.Dht.GetAsync(KadOrleans.Lab.Samples.Key(3), TestContext.Current.CancellationToken);
        Assert.Equal(1, edge.Calls);

        Assert.Equal(0, seen);
        Assert.True(calls > 2, $"{calls} calls");

        void Look()
        {
            Interlocked.Increment(ref calls);
            if (RequestContext.Get(CallProof.ContextKey) is not null || RequestContext.Get(EdgeKey.ContextKey) is not null)
            {
                Interlocked.Increment(ref seen);
            }
        }
    }

    [Fact]
    public async Task No_activation_sees_proof_or_key()
    {
        await _cluster.InitializeAsync();
        RequestContext.Set(CallProof.ContextKey, CallProof.OfEdge(Key, "an edge"));
        RequestContext.Set(EdgeKey.ContextKey, Key);
        RequestContext.Set("other", 1);
        await _cluster.Table(KadOrleans.Lab.Samples.Key(1)).GetSnapshotAsync();

        var seen = Assert.Single(_activations.Seen, one => one.Grain == _cluster.Table(KadOrleans.Lab.Samples.Key(1)).GetGrainId());
        Assert.Contains("other", seen.Keys);
        Assert.DoesNotContain(_activations.Seen, one => one.Keys.Contains(CallProof.ContextKey) || one.Keys.Contains(EdgeKey.ContextKey));
    }

    [Fact]
    public async Task A_refused_call_writes_nothing()
    {
        await _cluster.InitializeAsync();
        var table = _cluster.Table(KadOrleans.Lab.Samples.Key(1));
        await Assert.ThrowsAsync<CallRefusedException>(() => table.GetSnapshotAsync().AsTask());
        await Assert.ThrowsAsync<CallRefusedException>(() => _cluster.Shard(1).GetAsync([KadOrleans.Lab.Samples.Key(1)]).AsTask());
        Assert.DoesNotContain(table.GetGrainId(), _cluster.Rows.Writes.Keys);
        Assert.DoesNotContain(_cluster.Shard(1).GetGrainId(), _cluster.Rows.Writes.Keys);

        RequestContext.Set(EdgeKey.ContextKey, Key);
        await table.GetSnapshotAsync();
        Assert.Equal(1, _cluster.Rows.Writes[table.GetGrainId()]);
    }

    [Fact]
    public async Task Activations_that_only_refused_calls_caused_are_bounded()
    {
        await _cluster.InitializeAsync();
        RequestContext.Set(EdgeKey.ContextKey, Key);
        await Table(0).GetSnapshotAsync();
        RequestContext.Clear();
        await RefuseManyAsync(StrangersActivations.Most + 200);

        // One took a call of an edge.
        var management = _cluster.Client.GetGrain<IManagementGrain>(0);
        RequestContext.Set(CallProof.ContextKey, CallProof.OfSilo(Key, _cluster.Addresses[0].ToParsableString()));
        await _cluster.UntilAsync(async () => await CountAsync() <= StrangersActivations.Most + 1);
        Assert.NotNull(await management.GetActivationAddress(Table(0)));

        async Task<int> CountAsync() =>
            (await management.GetSimpleGrainStatistics())
                .Where(grain => grain.GrainType.Contains(nameof(RoutingTableGrain), StringComparison.Ordinal))
                .Sum(grain => grain.ActivationCount);
    }

    [Fact]
    public async Task A_shard_that_a_stranger_caused_loads_on_while_later_activations_come()
    {
        await _cluster.InitializeAsync();
        var (shard, loading, loaded) = (_cluster.Shard(1), new TaskCompletionSource(), new TaskCompletionSource());
        _cluster.Rows.BeforeRead = (_, grain) =>
        {
            if (grain != shard.GetGrainId())
            {
                return Task.CompletedTask;
            }

            loading.TrySetResult();
            return loaded.Task;
        };
        var refused = shard.GetAsync([]).AsTask();
        await loading.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await RefuseManyAsync(StrangersActivations.Most + 10);

        RequestContext.Set(EdgeKey.ContextKey, Key);
        var call = shard.GetAsync([]).AsTask();
        loaded.SetResult();
        Assert.Empty(await call);
        await Assert.ThrowsAsync<CallRefusedException>(() => refused);
        Assert.Single(_activations.Seen, one => one.Grain == shard.GetGrainId());
    }

    [Fact]
    public async Task No_grain_of_a_made_up_key_is_activated()
    {
        await _cluster.InitializeAsync();
        var reads = 0;
        _cluster.Rows.BeforeRead = (_, _) =>
        {
            Interlocked.Increment(ref reads);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Client.GetGrain<IAuditGrain>(1).ReadAsync(1, before: null).AsTask());
        await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Client.GetGrain<IDhtGrain>(1_000_000).GetStatusAsync().AsTask());
        Assert.Equal(0, reads);
        Assert.DoesNotContain(_activations.Seen, one => one.Grain.Key.ToString() is "1" or "F4240");
    }

    [Fact]
    public async Task A_silo_without_a_key_is_served_while_it_runs_and_no_stranger_is_after_it()
    {
        _key = null;
        await _cluster.InitializeAsync();
        await Rules.BanAsync("203.0.113.0/24", isBanned: true);
        var first = _cluster.Cluster.Silos.Single();

        _key = Key;
        await _cluster.Cluster.StartAdditionalSiloAsync();
        await _cluster.Dht.GetStatusAsync();
        await _cluster.Cluster.StopSiloAsync(first);

        // The test's own call between two tries is an edge's.
        RequestContext.Set(EdgeKey.ContextKey, Key);
        await _cluster.UntilAsync(async () => await Record.ExceptionAsync(() => Rules.BanAsync("203.0.113.0/24", isBanned: false).AsTask()) is CallRefusedException);
    }

    [Theory]
    [InlineData(null, ".")]
    [InlineData("hosted-evil", ", and the caller does not prove that it is one: a silo needs the Kad:Cluster:EdgeKey of the others.")]
    public async Task Without_a_key_a_gateway_that_others_reach_serves_the_facade_alone(string? name, string why)
    {
        (_key, _isOpenToOthers, _clientName) = (null, true, name);
        await _cluster.InitializeAsync();

        Assert.NotNull((await _cluster.Dht.GetStatusAsync()).Settings);
        var refused = await Assert.ThrowsAsync<CallRefusedException>(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
        Assert.Equal($"IRulesGrain.BanAsync is open to silos alone{why.TrimEnd('.')}; clients use IDht.", refused.Message);
        refused = await Assert.ThrowsAsync<CallRefusedException>(() => _cluster.Shard(0).GetAsync([KadOrleans.Lab.Samples.Key(1)]).AsTask());
        Assert.Contains(name is null ? "and the silos have no Kad:Cluster:EdgeKey" : "does not prove that it is one", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_calls_itself_a_silo_is_refused_from_the_first_call()
    {
        _clientName = "hosted-evil";
        await _cluster.InitializeAsync();
        await Assert.ThrowsAsync<CallRefusedException>(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
        await _cluster.Cluster.StartAdditionalSiloAsync();
        await Assert.ThrowsAsync<CallRefusedException>(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
    }

    private IRoutingTableGrain Table(int number) => _cluster.Table(new NodeId([.. new byte[16], .. BitConverter.GetBytes(number)]));

    /// <summary>Calls of a stranger, each of another table.</summary>
    private async Task RefuseManyAsync(int count)
    {
        foreach (var some in Enumerable.Range(1, count).Chunk(100))
        {
            await Task.WhenAll(some.Select(number => Assert.ThrowsAsync<CallRefusedException>(() => Table(number).GetSnapshotAsync().AsTask())));
        }
    }

    /// <summary>What activations see of the request context of the call that causes them.</summary>
    private sealed class ActivationLook : IConfigureGrainContextProvider, IConfigureGrainContext
    {
        public ConcurrentQueue<(GrainId Grain, string[] Keys)> Seen { get; } = new();

        public bool TryGetConfigurator(GrainType grainType, GrainProperties properties, [NotNullWhen(true)] out IConfigureGrainContext? configurator)
        {
            configurator = this;
            return true;
        }

        public void Configure(IGrainContext context)
        {
            // Not what the workers of a stateless grain share.
            if (context is Orleans.Core.Internal.IGrainManagementExtension)
            {
                context.ObservableLifecycle.Subscribe(nameof(ActivationLook), GrainLifecycleStage.Activate, _ =>
                {
                    Seen.Enqueue((context.GrainId, [.. RequestContext.Keys]));
                    return Task.CompletedTask;
                });
            }
        }
    }
}
