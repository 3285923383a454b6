using System.Reflection;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class CallFilterTests(CallFilterTests.KeyedSilo silo) : IClassFixture<CallFilterTests.KeyedSilo>
{
    private const int ShardBits = 4;
    private const string ForSilos = "is open to silos alone; clients use IDht.";

    private static readonly string Key = $"Kad:Cluster:GatewayKey={ClusterKey.Create()}";

    [Fact]
    public async Task Who_has_the_gateways_key_reaches_what_edges_do_and_manages_nothing()
    {
        await using var client = await silo.ConnectAsync();
        var (shard, batch) = (client.Grains.GetGrain<IKeyShardGrain>(0), client.Grains.GetGrain<IShardBatchGrain>(0));
        var key = NodeId.Parse(new string('0', 40));

        Assert.Equal(ShardBits, (await client.Dht.GetStatusAsync()).Settings?.ShardBits);
        Assert.Null(Assert.Single(await shard.GetAsync([key])));
        await batch.GetAsync([key]);
        await RefusesAsync($"IKeyShardGrain.RemoveAsync {ForSilos}", () => shard.RemoveAsync([key]).AsTask());
        await RefusesAsync($"IRulesGrain.BanAsync {ForSilos}", () => Single<IRulesGrain>(client).BanAsync("203.0.113.0/24", isBanned: true).AsTask());
        await RefusesAsync($"IRulesGrain.SetLimitAsync {ForSilos}", () => Single<IRulesGrain>(client).SetLimitAsync("maxKeys", null).AsTask());
        await RefusesAsync($"IClusterGrain.DoubleShardsAsync {ForSilos}", () => Single<IClusterGrain>(client).DoubleShardsAsync().AsTask());
    }

    [Fact]
    public async Task A_client_reaches_no_service_of_a_silo_and_no_reminder()
    {
        await using var client = await silo.ConnectAsync();
        var address = silo.Address;
        var (desk, report) = (Service<IShardDesk>(client, address), Service<ISiloReportService>(client, address));
        await RefusesAsync($"IShardDesk.AskShardsAsync {ForSilos}", () => desk.AskShardsAsync([new ShardPoint(0, 0, 0)]).AsTask());
        await RefusesAsync($"ISiloReportService.GetAsync {ForSilos}", () => report.GetAsync(default));
        var shard = client.Grains.GetGrain<IRemindable>(client.Grains.GetGrain<IKeyShardGrain>(0).GetGrainId());
        await RefusesAsync($"IRemindable.ReceiveReminder {ForSilos}", () => shard.ReceiveReminder("expiry", default));
    }

    [Fact]
    public async Task A_client_cancels_its_own_call()
    {
        await using var client = await silo.ConnectAsync();
        using var cancelled = new CancellationTokenSource();
        var lookup = client.Dht.FindNodeAsync(NodeId.Parse(new string('1', 40)), cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        var outcome = await Record.ExceptionAsync(() => lookup);

        Assert.True(outcome is null or OperationCanceledException, outcome?.ToString());
    }

    [Fact]
    public async Task An_edge_serves_with_the_silos_key_and_says_what_is_wrong_with_another()
    {
        var gateway = $"Kad:Cluster:Gateway=127.0.0.1:{silo.Gateway}";
        await using (var edge = new EdgeServer(silo.Folder, "with", gateway, Key))
        {
            await edge.StartAsync();
            await using var load = new StoreLoad(edge.Address, ShardBits);
            await load.WholeAsync();
        }

        await using var other = new EdgeServer(silo.Folder, "other", gateway, $"Kad:Cluster:GatewayKey={ClusterKey.Create()}");
        other.Launch();
        await SaysAsync(other, "does not have the Kad:Cluster:GatewayKey of this process, and was told nothing; both need the same.");

        await using var without = new EdgeServer(silo.Folder, "without", gateway, "Kad:Data=elsewhere");
        without.Launch();
        await SaysAsync(without, "it wants the cluster's key, which is not set here (Kad:Cluster:GatewayKey, or by Kad:Cluster:GatewayKeyFile the file gateway-key");
        Assert.DoesNotContain("GatewayKey", silo.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("andshake", silo.Errors, StringComparison.Ordinal);

        static Task SaysAsync(EdgeServer edge, string sentence) =>
            Eventually.BecomesAsync(() => edge.Errors.Contains(sentence, StringComparison.Ordinal), () => edge.Errors);
    }

    [Fact]
    public void The_edge_within_a_silo_needs_no_key_of_its_own_and_status_and_dashboard_go_on()
    {
        Assert.Equal(("ready", true), (silo.State, silo.ServesCounters));
        Assert.DoesNotContain("UnauthorizedAccess", silo.ErrorsBefore, StringComparison.Ordinal);
        Assert.DoesNotContain("is open to", silo.ErrorsBefore, StringComparison.Ordinal);
        Assert.DoesNotContain(Key.Split('=')[1], silo.ErrorsBefore, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    public async Task Nothing_is_believed_because_of_a_callers_name(string name)
    {
        await using var client = await silo.ConnectAsync(orleans => StrangerNames.Take(orleans, name));
        Assert.Equal(ShardBits, (await client.Dht.GetStatusAsync()).Settings?.ShardBits);

        foreach (var claim in new[] { null, "silo/", $"silo/{silo.Address.ToParsableString()}/00", CallProof.OfSilo(ClusterKey.Parse(Key.Split('=')[1]), silo.Address.ToParsableString()) })
        {
            RequestContext.Set(CallProof.ContextKey, claim!);
            await RefusedAsync("IRulesGrain.BanAsync", () => Single<IRulesGrain>(client).BanAsync("203.0.113.0/24", isBanned: true).AsTask());
            RequestContext.Set(CallProof.ContextKey, claim!);
            await RefusedAsync("IRulesGrain.SetLimitAsync", () => Single<IRulesGrain>(client).SetLimitAsync("totalKeys", 1000).AsTask());
            RequestContext.Set(CallProof.ContextKey, claim!);
            await RefusedAsync("IKeyShardGrain.RemoveAsync", () => client.Grains.GetGrain<IKeyShardGrain>(0).RemoveAsync([NodeId.FromKey("durable")]).AsTask());
            RequestContext.Set(CallProof.ContextKey, claim!);
            await RefusedAsync("IManagementGrain.ForceActivationCollection", () => client.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero));
            RequestContext.Set(CallProof.ContextKey, claim!);
            await RefusedAsync("IManagementGrain.GetHosts", () => client.Grains.GetGrain<IManagementGrain>(0).GetHosts());
        }

        RequestContext.Clear();

        async Task RefusedAsync(string method, Func<Task> call)
        {
            var refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(call);
            Assert.Equal($"{method} {ForSilos}", refused.Message);
        }
    }

    [Fact]
    public async Task A_second_key_is_accepted_while_the_first_is_changed()
    {
        var tomorrow = ClusterKey.Create();
        using var folder = new TemporaryFolder();
        await using var changing = await SiloProcess.StartedAsync(
            folder.Path, Key, $"Kad:Cluster:SecondGatewayKey={tomorrow}", SiloServer.ShardBits(ShardBits), "Kad:Edge:Enabled=false", $"Kad:Silo:GatewayPort={silo.OtherGateway}");
        foreach (var key in new[] { Key, $"Kad:Cluster:GatewayKey={tomorrow}" })
        {
            await using var edge = new EdgeServer(folder.Path, "edge", $"Kad:Cluster:Gateway=127.0.0.1:{silo.OtherGateway}", key);
            await edge.StartAsync();
            await using var load = new StoreLoad(edge.Address, ShardBits);
            await load.WholeAsync();
        }
    }

    private static async Task RefusesAsync(string sentence, Func<Task> call) =>
        Assert.Equal(sentence, (await Assert.ThrowsAsync<UnauthorizedAccessException>(call)).Message);

    private static T Single<T>(ClusterClient client)
        where T : IGrainWithIntegerKey => client.Grains.GetGrain<T>(GrainKeys.Singleton);

    // As a stranger would make it who knows Orleans: its own way to it is for silos.
    private static T Service<T>(ClusterClient client, SiloAddress silo)
        where T : IAddressable
    {
        const BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var utilities = Assembly.Load("Orleans.Core").GetTypes().Single(type => type.Name == "GrainInterfaceUtils");
        var code = (int)utilities.GetMethod("GetGrainClassTypeCode", any)!.Invoke(null, [typeof(T)])!;
        object id = SystemTargetGrainId.CreateGrainServiceGrainId(code, null!, silo);
        return client.Grains.GetGrain<T>(id is GrainId grain ? grain : ((SystemTargetGrainId)id).GrainId);
    }

    /// <summary>The silo, with an edge of its own, and what it said of itself before anybody else called it.</summary>
    public sealed class KeyedSilo : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private SiloProcess _silo = null!;

        internal int Gateway { get; } = FreePort.Tcp();

        internal int OtherGateway { get; } = FreePort.Tcp();

        internal SiloAddress Address { get; private set; } = SiloAddress.Zero;

        internal string Folder => _folder.Path;

        internal string? State { get; private set; }

        internal bool ServesCounters { get; private set; }

        internal string ErrorsBefore { get; private set; } = string.Empty;

        internal string Errors => _silo.Errors;

        internal Task<ClusterClient> ConnectAsync(Action<IClientBuilder>? configure = null) => ClusterClient.ConnectAsync(
            Gateway,
            configure: client =>
            {
                client.Services.Configure<KadClientOptions>(options => options.GatewayKey = Key.Split('=')[1]);
                configure?.Invoke(client);
            });

        public async ValueTask InitializeAsync()
        {
            _silo = await SiloProcess.StartedAsync(Folder, Key, SiloServer.ShardBits(ShardBits), $"Kad:Silo:GatewayPort={Gateway}");
            await _silo.LineAsync("listening udp 127.0.0.1:");
            var status = await _silo.StatusAsync();
            State = status.GetProperty("state").GetString();
            var parts = status.GetProperty("silo").GetString()![1..].Split(':');
            Address = SiloAddress.FromParsableString($"{parts[0]}:{parts[1]}@{parts[2]}");
            using var counters = await _silo.GetAsync("/dashboard/DashboardCounters");
            ServesCounters = counters.IsSuccessStatusCode;
            ErrorsBefore = _silo.Errors;
        }

        public async ValueTask DisposeAsync()
        {
            await _silo.DisposeAsync();
            _folder.Dispose();
        }
    }
}
