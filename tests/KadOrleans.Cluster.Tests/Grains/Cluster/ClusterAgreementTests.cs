using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class ClusterAgreementTests(ClusterFixture cluster) : IDisposable
{
    private static readonly ClusterSettings Settings = new(ClusterFixture.ShardBits) { Kademlia = new KademliaOptions() };

    private string ClusterId => cluster.Service<IOptions<ClusterOptions>>().Value.ClusterId;

    private readonly Action<KadClusterOptions> _configure = cluster.Configure;

    public void Dispose()
    {
        cluster.Rows.Heal();
        cluster.Configure = _configure;
        cluster.Gate.Open();
    }

    [Fact]
    public async Task The_first_silo_fixed_the_settings_durably()
    {
        var grain = cluster.Client.GetGrain<IClusterGrain>(GrainKeys.Singleton);
        Assert.Equal(Settings, await grain.GetAsync());
        await cluster.Cluster.DeactivateAsync(grain);
        Assert.Equal(new ClusterTerms(Settings, ClusterId), await grain.JoinAsync(new ClusterSettings(3)));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await grain.JoinAsync(new ClusterSettings(17)));
    }

    [Fact]
    public async Task A_silo_starts_although_its_first_calls_go_to_one_that_is_gone()
    {
        var refusals = 3;
        cluster.Gate.Set<IClusterGrain>(
            nameof(IClusterGrain.JoinAsync),
            () => Interlocked.Decrement(ref refusals) >= 0 ? throw new SiloUnavailableException("gone") : Task.CompletedTask);
        var starting = cluster.Cluster.StartAdditionalSiloAsync();

        await Eventually.ReadAsync(
            () =>
            {
                cluster.Clock.Advance(TimeSpan.FromMilliseconds(100));
                return Task.FromResult(starting.IsCompleted);
            },
            isCompleted => isCompleted);

        await cluster.Cluster.StopSiloAsync(await starting);
        Assert.True(refusals <= 0);
    }

    [Theory]
    [InlineData(10, 3, "Kad:Cluster:ShardBits is 10, but this cluster was created with 8")]
    [InlineData(8, 5, "Kad:Cluster:Kademlia:LookupConcurrency is 5, but this cluster was created with 3")]
    public async Task A_silo_with_other_shards_or_constants_refuses_to_start(int bits, int concurrency, string sentence)
    {
        cluster.Configure = options =>
            (options.ShardBits, options.Kademlia) = (bits, new KademliaOptions { LookupConcurrency = concurrency });
        var refusal = await Assert.ThrowsAnyAsync<Exception>(cluster.Cluster.StartAdditionalSiloAsync);
        Assert.Contains(sentence, refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_names_no_number_of_shards_takes_the_clusters()
    {
        cluster.Configure = options =>
        {
            // The number is what a new cluster would have.
            (options.ShardBits, options.DefaultShardBits) = (null, ClusterFixture.ShardBits - 3);
            options.CrawlInterval = TimeSpan.Zero;
        };
        var silo = await cluster.Cluster.StartAdditionalSiloAsync();
        var shards = cluster.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ClusterShards>();
        Assert.Equal(ShardLayout.Of(ClusterFixture.ShardBits), shards.Layout);

        // It keeps that number. A cluster whose settings were lost and fixed anew does not replace its shards.
        var grain = cluster.Client.GetGrain<IClusterGrain>(GrainKeys.Singleton);
        await FixAsync(4);
        var agreement = cluster.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ClusterAgreement>();
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(agreement.JoinAsync);
        Assert.Contains("Kad:Cluster:ShardBits is 8, but this cluster was created with 4", refusal.Message, StringComparison.Ordinal);
        await FixAsync(ClusterFixture.ShardBits);
        await cluster.Cluster.StopSiloAsync(silo);

        Task FixAsync(int bits)
        {
            cluster.Rows.Force(StateNames.Cluster, grain, new ClusterState { ShardBits = bits, Kademlia = Settings.Kademlia, ClusterId = ClusterId });
            return cluster.Cluster.DeactivateAsync(grain);
        }
    }

    [Fact]
    public async Task A_silo_with_another_storage_refuses_to_start()
    {
        // The silo is active when it is refused. Its process would end then, but within this one it stays and is given grains.
        await using var own = new ClusterFixture();
        await own.InitializeAsync();
        own.NextRows = new TestRows();
        var refusal = await Assert.ThrowsAnyAsync<Exception>(own.Cluster.StartAdditionalSiloAsync);
        Assert.Contains("Kad:Storage: other silos of this cluster have another grain storage", refusal.ToString(), StringComparison.Ordinal);

        // What it is given, it does not serve from its own storage.
        var edge = own.Reference(new TestEdge());
        for (byte number = 0; number < 32; number++)
        {
            var table = own.Table(Samples.Key(number));
            if (await Record.ExceptionAsync(async () => await table.SubscribeAsync(1, edge)) is null)
            {
                Assert.True(own.Rows.TryRead(StateNames.RoutingTable, table.GetGrainId(), out _));
            }
        }
    }

    [Fact]
    public async Task A_silo_of_another_cluster_on_the_same_storage_refuses_to_start()
    {
        // Before it is active, and so before it has grains.
        await using var second = new ClusterFixture { Silos = 1, NextRows = cluster.Rows };
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await second.InitializeAsync());
        Assert.Contains(
            $"', but this storage has the state of a cluster that was created with '{ClusterId}': set it to '{ClusterId}', ",
            refusal.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_ClusterId_is_named_before_any_setting()
    {
        var terms = new ClusterTerms(Settings, "kad");
        Assert.Null(terms.FindDifference("kad", Settings));
        Assert.StartsWith("Kad:Cluster:ShardBits is 3, ", terms.FindDifference("kad", Settings with { ShardBits = 3 }), StringComparison.Ordinal);
        Assert.Equal(
            "Orleans:ClusterId is 'Kad', but this storage has the state of a cluster that was created with 'kad': set it to 'kad', "
            + "or give a second cluster an Orleans:ServiceId of its own too.",
            terms.FindDifference("Kad", Settings with { ShardBits = 3 }));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_silo_refuses_to_start_in_a_cluster_whose_state_another_build_wrote(int later)
    {
        await using var own = new ClusterFixture();
        await own.InitializeAsync();
        var grain = own.Client.GetGrain<IClusterGrain>(GrainKeys.Singleton);
        const int written = StateSchema.Version;
        var state = new ClusterState { SchemaVersion = written + later, ShardBits = Settings.ShardBits, Kademlia = Settings.Kademlia };
        own.Rows.Force(StateNames.Cluster, grain, state);

        var refusal = await Assert.ThrowsAnyAsync<Exception>(own.Cluster.StartAdditionalSiloAsync);

        Assert.Contains(
            $"The stored state kad-cluster has schema version {written + later}, and this build reads and writes version {written} alone: run the build",
            refusal.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Each_setting_that_differs_is_named_with_its_value_and_the_agreed_one()
    {
        var constants = new KademliaOptions();
        foreach (var property in typeof(KademliaOptions).GetProperties())
        {
            var other = constants with { };
            property.SetValue(other, property.PropertyType == typeof(int) ? 7 : TimeSpan.FromMinutes(7));
            var difference = (Settings with { Kademlia = constants }).FindDifference(Settings with { Kademlia = other });
            Assert.StartsWith($"Kad:Cluster:Kademlia:{property.Name} is {property.GetValue(other)}, but this cluster was created with {property.GetValue(constants)}: ", difference, StringComparison.Ordinal);
        }

        Assert.Null(Settings.FindDifference(Settings));

        // Of a cluster that was doubled both numbers fit.
        var doubled = Settings with { BitsInUse = ClusterFixture.ShardBits + 2 };
        Assert.Null(doubled.FindDifference(Settings));
        Assert.Null(doubled.FindDifference(Settings with { ShardBits = ClusterFixture.ShardBits + 2 }));
        Assert.NotNull(doubled.FindDifference(Settings with { ShardBits = ClusterFixture.ShardBits + 1 }));
    }

    [Fact]
    public async Task Settings_that_could_not_be_saved_are_not_fixed()
    {
        var grain = cluster.Client.GetGrain<IClusterGrain>(77);
        Assert.Null(await grain.GetAsync());
        cluster.Rows.BeforeWrite = (_, _) => throw new TimeoutException("storage is away");
        await Assert.ThrowsAnyAsync<Exception>(async () => await grain.JoinAsync(new ClusterSettings(4)));
        cluster.Rows.Heal();
        Assert.Null(await grain.GetAsync());
        Assert.Equal(new ClusterSettings(5), (await grain.JoinAsync(new ClusterSettings(5))).Settings);
    }

    [Fact]
    public async Task Settings_that_were_saved_although_their_write_failed_are_fixed()
    {
        var grain = cluster.Client.GetGrain<IClusterGrain>(78);
        cluster.Rows.AfterWrite = (_, _) => throw new TimeoutException("storage is away");
        await Assert.ThrowsAnyAsync<Exception>(async () => await grain.JoinAsync(new ClusterSettings(4)));
        cluster.Rows.Heal();
        Assert.Equal(new ClusterSettings(4), (await grain.JoinAsync(new ClusterSettings(5))).Settings);
        Assert.Equal(new ClusterSettings(4), await grain.GetAsync());
    }

    [Fact]
    public void Options_out_of_bounds_are_named_with_what_is_allowed()
    {
        var options = new KadClusterOptions { ShardBits = 17, SaveDelay = TimeSpan.FromMinutes(1), Trust = { "everybody" } };
        var result = new KadClusterOptionsValidator().Validate(null, options);
        Assert.Equal(
            [
                "Kad:Cluster:ShardBits is 17; 0 to 16 is allowed.",
                "Kad:Cluster:SaveDelay is 00:01:00; 00:00:00.1000000 to 00:00:10 is allowed.",
                "Kad:Cluster:Trust is 'everybody'; an address range such as 10.0.0.0/8 or fd00::/8 is needed.",
            ],
            result.Failures);
        Assert.True(new KadClusterOptionsValidator().Validate(null, new KadClusterOptions()).Succeeded);
    }
}
