namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class RulesGrainTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Range = "203.0.113.0/24";

    private readonly TestEdge _edge = new();
    private EdgeLease _lease = null!;

    private IRulesGrain Rules => cluster.Client.GetGrain<IRulesGrain>(GrainKeys.Singleton);

    public async ValueTask InitializeAsync()
    {
        // Edges of tests before this one are gone and would be waited for.
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        _lease = await cluster.Directory.LeaseAsync("lags", 1, cluster.Reference(_edge));
    }

    public async ValueTask DisposeAsync()
    {
        cluster.Rows.Heal();
        _edge.OnRules = () => Task.CompletedTask;
        await Rules.BanAsync(Range, isBanned: false);
        foreach (var limit in (await Rules.GetAsync()).Limits)
        {
            await Rules.SetLimitAsync(limit.Name, null);
        }

        await Task.WhenAll(Silos.Select(limits => limits.FetchAsync().AsTask()));
        await cluster.Directory.ReleaseAsync("lags", _lease.Epoch);
    }

    [Fact]
    public async Task Rules_outlive_their_grain_and_reach_an_edge_that_returns()
    {
        _edge.OnRules = () => throw new InvalidOperationException("broken");
        await Rules.BanAsync(Range, isBanned: true);
        await Rules.SetLimitAsync("totalKeys", 0);
        await cluster.Cluster.DeactivateAsync(Rules);
        _edge.OnRules = () => Task.CompletedTask;

        var rules = await Rules.GetAsync();

        Assert.Equal(Range, Assert.Single(rules.Bans).Ban);
        Assert.Equal(0, rules.Limits.Single(limit => limit.Name == "totalKeys").Value);
        Assert.Equal([Range], _edge.Rules!.Bans);
        Assert.DoesNotContain("lags", rules.Missing);
    }

    [Fact]
    public async Task Each_silo_asks_for_the_limits_itself_and_is_named_until_it_has()
    {
        // A silo may ask by itself while the edges get the change, and is not named then. So it is tried until none did.
        var rate = 76;
        await cluster.UntilAsync(async () =>
        {
            var change = await Rules.SetLimitAsync("crawlRate", ++rate);
            return Silos.All(limits => change.Missing.Contains(limits.Name));
        });
        await cluster.AdvanceUntilAsync(ClusterFollower.Interval, async () => (await Rules.GetAsync()).MissingSilos.Count == 0);
        Assert.All(Silos, limits => Assert.Equal(rate, limits.Values.CrawlRate));
    }

    [Fact]
    public async Task A_silo_that_starts_follows_what_was_changed_before()
    {
        await Rules.SetLimitAsync("crawlRate", 77);
        await Task.WhenAll(Silos.Select(limits => limits.FetchAsync().AsTask()));

        var silo = await cluster.Cluster.StartAdditionalSiloAsync();

        Assert.Equal(77, cluster.Service<ClusterLimits>(silo.SiloAddress).Values.CrawlRate);
        Assert.Empty((await Rules.GetAsync()).MissingSilos);
        await cluster.Cluster.StopSiloAsync(silo);
    }

    [Fact]
    public async Task A_rule_that_is_not_allowed_or_that_storage_refuses_is_not_in_force()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await Rules.SetLimitAsync("totalKeys", -1));
        Assert.Equal("The limit totalKeys is -1; 0 to 2147483647 keys are allowed.", refused.Message);
        cluster.Rows.BeforeWrite = (_, _) => throw new InvalidOperationException("The disk is full.");

        await Assert.ThrowsAnyAsync<Exception>(async () => await Rules.SetLimitAsync("totalKeys", 0));
        await Assert.ThrowsAnyAsync<Exception>(async () => await Rules.BanAsync(Range, isBanned: true));

        cluster.Rows.Heal();
        var rules = await Rules.GetAsync();
        Assert.All(rules.Limits, limit => Assert.Null(limit.Since));
        Assert.Empty(rules.Bans);
    }

    private IEnumerable<ClusterLimits> Silos => cluster.Services<ClusterLimits>();
}
