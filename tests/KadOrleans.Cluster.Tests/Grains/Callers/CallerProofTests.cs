using System.Diagnostics.CodeAnalysis;
using KadOrleans.Cluster.Tests.SiloRole;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Metadata;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What silos believe of who calls them, and what goes on inside of what came with a call.</summary>
public sealed class CallerProofTests : IAsyncLifetime
{
    private static readonly string Key = ClusterKey.Create();

    private readonly ClusterFixture _cluster;
    private readonly ActivationLook _activations = new();
    private string? _siloKey = Key;
    private string? _gatewayKey;

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
                client.Services.Configure<KadClientOptions>(options => options.GatewayKey = _gatewayKey);
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
                if (_isOpenToOthers)
                {
                    services.AddSingleton(silo => new CallRules(
                        silo.GetRequiredService<ClusterKeys>(),
                        Options.Create(new EndpointOptions { GatewayListeningEndpoint = new IPEndPoint(IPAddress.Any, 30000) })));
                }
            },
        };
        var configure = _cluster.Configure;
        _cluster.Configure = options =>
        {
            configure(options);
            (options.SiloKey, options.GatewayKey) = (_siloKey, _gatewayKey);

            // What the test's cluster asks its silos.
            options.OpenAssemblies.Add("Orleans.Runtime");
        };
    }

    private IRulesGrain Rules => _cluster.Client.GetGrain<IRulesGrain>(GrainKeys.Singleton);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Neither_grains_nor_observers_see_a_proof_or_what_a_client_sent_along()
    {
        _gatewayKey = ClusterKey.Create();
        await _cluster.InitializeAsync();
        await _cluster.Cluster.StartAdditionalSiloAsync();
        var (seen, calls) = (new ConcurrentBag<string>(), 0);
        _cluster.Gate.Arrived = _ => Look();
        var edge = new TestEdge
        {
            Get = _ =>
            {
                Look();
                return Task.FromResult(new GetResult(null, KadOrleans.Lab.Samples.Lookup));
            },
        };

        await _cluster.Directory.LeaseAsync("edge", 1, _cluster.Reference(edge));
        RequestContext.Set("deep", new object[] { new object[] { 1 } });
        RequestContext.Set("baggage", "a=b");
        await _cluster.Dht.GetAsync(KadOrleans.Lab.Samples.Key(3), TestContext.Current.CancellationToken);
        Assert.Equal(["baggage", "deep"], RequestContext.Keys.Order(StringComparer.Ordinal));
        RequestContext.Clear();
        Assert.Equal(1, edge.Calls);

        Assert.Empty(seen);
        Assert.True(calls > 2, $"{calls} calls");

        void Look()
        {
            Interlocked.Increment(ref calls);
            foreach (var name in RequestContext.Keys)
            {
                seen.Add(name);
            }
        }
    }

    [Fact]
    public async Task No_activation_sees_a_proof_or_what_a_client_sent_along()
    {
        _gatewayKey = ClusterKey.Create();
        await _cluster.InitializeAsync();
        RequestContext.Set(CallProof.ContextKey, CallProof.OfSilo(ClusterKey.Parse(ClusterKey.Create()), "127.0.0.1:1@1"));
        RequestContext.Set("other", 1);
        await _cluster.Table(KadOrleans.Lab.Samples.Key(1)).GetSnapshotAsync();
        RequestContext.Clear();

        var seen = Assert.Single(_activations.Seen, one => one.Grain == _cluster.Table(KadOrleans.Lab.Samples.Key(1)).GetGrainId());
        Assert.Empty(seen.Keys);
    }

    [Fact]
    public async Task A_refused_call_writes_nothing_but_that_a_shard_has_become_active()
    {
        await _cluster.InitializeAsync();
        var table = _cluster.Table(KadOrleans.Lab.Samples.Key(1));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => table.GetSnapshotAsync().AsTask());
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => _cluster.Shard(1).GetAsync([KadOrleans.Lab.Samples.Key(1)]).AsTask());
        Assert.DoesNotContain(table.GetGrainId(), _cluster.Rows.Writes.Keys);

        // An activation begins before its first call is refused, whose refusal waits for nothing. A shard takes its log then, once.
        await _cluster.UntilAsync(() => _cluster.Rows.Writes.ContainsKey(_cluster.Shard(1).GetGrainId()));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => _cluster.Shard(1).GetAsync([KadOrleans.Lab.Samples.Key(1)]).AsTask());
        Assert.Equal(1, _cluster.Rows.Writes[_cluster.Shard(1).GetGrainId()]);
    }

    [Fact]
    public async Task A_change_by_a_silos_proof_past_the_facade_is_in_the_audit_log_and_one_of_an_operator_is_there_once()
    {
        await _cluster.InitializeAsync();
        var silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), SiloAddress.AllocateNewGeneration());
        await ProveAsync(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
        await ProveAsync(() => Assert.ThrowsAnyAsync<Exception>(() => Rules.BanAsync("no address", isBanned: true).AsTask()));
        await ProveAsync(() => _cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.FromDays(1)));

        var admin = _cluster.Service<IDhtAdmin>();
        await admin.BanAsync(KadOrleans.Core.Admission.Ban.Parse("198.51.100.0/24"), TestContext.Current.CancellationToken);
        var entries = await admin.ReadAuditAsync(10, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                ($"silo {silo}", "IManagementGrain.ForceActivationCollection", true), ($"silo {silo}", "IRulesGrain.BanAsync", false),
                ($"silo {silo}", "IRulesGrain.BanAsync", true),
            ],
            entries.Select(entry => (entry.Who, entry.Action, entry.Succeeded)));

        async Task ProveAsync(Func<Task> call)
        {
            RequestContext.Set(CallProof.ContextKey, CallProof.OfSilo(ClusterKey.Parse(Key), silo.ToParsableString()));
            await call();
            RequestContext.Clear();
        }
    }

    [Fact]
    public async Task A_change_that_was_made_is_no_failure_if_the_audit_log_cannot_be_written()
    {
        await _cluster.InitializeAsync();
        var (audit, tried) = (_cluster.Client.GetGrain<IAuditGrain>(GrainKeys.Singleton).GetGrainId(), 0);
        _cluster.Rows.BeforeWrite = (_, grain) =>
            grain == audit && Interlocked.Increment(ref tried) > 0 ? Task.FromException(new IOException("The disk is full.")) : Task.CompletedTask;
        RequestContext.Set(
            CallProof.ContextKey,
            CallProof.OfSilo(
                ClusterKey.Parse(Key), SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), SiloAddress.AllocateNewGeneration()).ToParsableString()));
        var change = await Rules.BanAsync("203.0.113.0/24", isBanned: true);
        RequestContext.Clear();
        Assert.True(change.Changed);
        Assert.True(tried > 0);
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

    [Theory]
    [InlineData(null)]
    [InlineData("hosted-evil")]
    public async Task Without_a_key_a_gateway_that_others_reach_serves_the_facade_alone(string? name)
    {
        (_siloKey, _isOpenToOthers, _clientName) = (null, true, name);
        await _cluster.InitializeAsync();

        Assert.NotNull((await _cluster.Dht.GetStatusAsync()).Settings);
        var refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
        Assert.Equal("IRulesGrain.BanAsync is open to silos alone; clients use IDht.", refused.Message);
        refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => _cluster.Shard(0).GetAsync([KadOrleans.Lab.Samples.Key(1)]).AsTask());
        Assert.Equal(
            "IKeyShardGrain.GetAsync is open to edges alone, and the silos have no Kad:Cluster:GatewayKey, which a gateway needs that other machines reach; clients use IDht.",
            refused.Message);
    }

    [Fact]
    public async Task A_client_that_calls_itself_a_silo_is_refused_from_the_first_call()
    {
        _clientName = "hosted-evil";
        await _cluster.InitializeAsync();
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
        await _cluster.Cluster.StartAdditionalSiloAsync();
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => Rules.BanAsync("203.0.113.0/24", isBanned: true).AsTask());
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
