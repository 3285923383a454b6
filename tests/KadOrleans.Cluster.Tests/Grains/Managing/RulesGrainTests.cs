using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class RulesGrainTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Range = "203.0.113.0/24";

    private readonly TestEdge _edge = new();
    private readonly TestEdge _other = new();
    private EdgeLease _lease = null!;
    private EdgeLease _otherLease = null!;

    private IRulesGrain Rules => cluster.Client.GetGrain<IRulesGrain>(GrainKeys.Singleton);

    public async ValueTask InitializeAsync()
    {
        // Edges of tests before this one are gone and would be waited for.
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        _lease = await cluster.Directory.LeaseAsync("follows", 1, cluster.Reference(_edge));
        _otherLease = await cluster.Directory.LeaseAsync("lags", 1, cluster.Reference(_other));
    }

    public async ValueTask DisposeAsync()
    {
        cluster.Rows.Heal();
        _other.OnRules = () => Task.CompletedTask;
        foreach (var ban in (await Rules.GetAsync()).Bans)
        {
            await Rules.BanAsync(ban.Ban, isBanned: false);
        }

        foreach (var limit in (await Rules.GetAsync()).Limits)
        {
            await SetAsync(limit.Name, null);
        }

        await cluster.Directory.ReleaseAsync("follows", _lease.Epoch);
        await cluster.Directory.ReleaseAsync("lags", _otherLease.Epoch);
        GC.KeepAlive(_edge);
        GC.KeepAlive(_other);
    }

    [Fact]
    public async Task An_edge_that_a_ban_does_not_reach_is_named_until_it_asks()
    {
        _other.OnRules = () => throw new InvalidOperationException("broken");

        var change = await Rules.BanAsync(Range, isBanned: true);

        Assert.True(change.Changed);
        Assert.Contains("lags", change.Missing);
        Assert.DoesNotContain("follows", change.Missing);
        Assert.Equal([Range], _edge.Rules!.Bans);
        var fetched = await Rules.FetchAsync("lags", 0);
        Assert.Equal([Range], fetched!.Bans);
        Assert.Contains("lags", (await Rules.GetAsync()).Missing);
        Assert.Null(await Rules.FetchAsync("lags", fetched.Version));
        Assert.DoesNotContain("lags", (await Rules.GetAsync()).Missing);
    }

    [Fact]
    public async Task A_ban_outlives_its_grain_and_reaches_an_edge_that_returns()
    {
        _other.OnRules = () => throw new InvalidOperationException("broken");
        await Rules.BanAsync(Range, isBanned: true);
        await cluster.Cluster.DeactivateAsync(Rules);
        _other.OnRules = () => Task.CompletedTask;

        var rules = await Rules.GetAsync();

        Assert.Equal(Range, Assert.Single(rules.Bans).Ban);
        Assert.Equal([Range], _other.Rules!.Bans);
        Assert.DoesNotContain("lags", rules.Missing);
    }

    [Fact]
    public async Task A_limit_reaches_edges_and_one_that_lags_is_named_until_it_asks()
    {
        _other.OnRules = () => throw new InvalidOperationException("broken");

        var change = await Rules.SetLimitAsync("requestsPerSource", 5);

        Assert.True(change.Changed);
        Assert.Contains("lags", change.Missing);
        Assert.DoesNotContain("follows", change.Missing);
        Assert.Equal(("requestsPerSource", 5), Assert.Single(_edge.Rules!.Limits) is var sent ? (sent.Name, sent.Value) : default);
        var fetched = await Rules.FetchAsync("lags", 0);
        Assert.Equal(5, Assert.Single(fetched!.Limits).Value);
        Assert.Null(await Rules.FetchAsync("lags", fetched.Version));
        Assert.DoesNotContain("lags", (await Rules.GetAsync()).Missing);
    }

    [Fact]
    public async Task Each_silo_asks_for_the_limits_itself_and_is_named_until_it_has()
    {
        // One whose turn comes while the edges are told has asked already. That is not so each time.
        var rate = 76;
        await cluster.UntilAsync(async () =>
        {
            var change = await Rules.SetLimitAsync("crawlRate", ++rate);
            return Silos.All(limits => change.Missing.Contains(limits.Name));
        });
        await cluster.AdvanceUntilAsync(StateVersionService.Interval, async () => (await Rules.GetAsync()).MissingSilos.Count == 0);
        Assert.All(Silos, limits => Assert.Equal(rate, limits.Values.CrawlRate));
    }

    [Fact]
    public async Task A_quota_holds_in_shards_of_all_silos_once_they_asked_and_survives_its_grain()
    {
        var before = await StoreAsync("before");
        Assert.All(before, result => Assert.Equal(StoreResult.Stored, result));

        await SetAsync("totalKeys", 0);

        Assert.All(await StoreAsync("late"), result => Assert.Equal(StoreResult.TotalQuotaExceeded, result));
        Assert.All(await StoreAsync("before"), result => Assert.Equal(StoreResult.Stored, result));
        await cluster.Cluster.DeactivateAsync(Rules);
        Assert.Equal(0, (await Rules.GetAsync()).Limits.Single(limit => limit.Name == "totalKeys").Value);
        await SetAsync("totalKeys", null);
        Assert.All(await StoreAsync("late"), result => Assert.Equal(StoreResult.Stored, result));
    }

    [Fact]
    public async Task A_silo_that_starts_and_a_shard_that_starts_follow_what_was_changed_before()
    {
        await SetAsync("crawlRate", 77);

        var silo = await cluster.Cluster.StartAdditionalSiloAsync();

        Assert.Equal(77, cluster.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ClusterLimits>().Values.CrawlRate);
        Assert.Empty((await Rules.GetAsync()).MissingSilos);
        await cluster.Cluster.StopSiloAsync(silo);
    }

    [Fact]
    public async Task A_limit_that_is_not_allowed_or_that_storage_refuses_is_not_in_force()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await Rules.SetLimitAsync("totalKeys", -1));
        Assert.Equal("The limit totalKeys is -1; 0 to 2147483647 keys are allowed.", refused.Message);
        cluster.Rows.BeforeWrite = (_, _) => throw new InvalidOperationException("The disk is full.");

        await Assert.ThrowsAnyAsync<Exception>(async () => await Rules.SetLimitAsync("totalKeys", 0));

        cluster.Rows.Heal();
        Assert.All((await Rules.GetAsync()).Limits, limit => Assert.Null(limit.Since));
        Assert.All(await StoreAsync("stored"), result => Assert.Equal(StoreResult.Stored, result));
    }

    private IEnumerable<ClusterLimits> Silos => cluster.Cluster.Silos.Select(
        silo => cluster.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ClusterLimits>());

    /// <summary>Changes a limit and has each silo ask for it.</summary>
    private async Task SetAsync(string name, long? value)
    {
        await Rules.SetLimitAsync(name, value);
        await Task.WhenAll(Silos.Select(limits => limits.FetchAsync().AsTask()));
    }

    /// <summary>Stores a value in each of some shards.</summary>
    private async Task<IReadOnlyList<StoreResult>> StoreAsync(string name)
    {
        var results = new List<StoreResult>();
        for (var shard = 0; shard < 16; shard++)
        {
            var key = NodeId.Parse(shard.ToString("x2", CultureInfo.InvariantCulture) + NodeId.FromKey(name).ToString()[2..]);
            results.AddRange(await cluster.Shard(shard).PutAsync([new ShardPut(key, cluster.Text("value"), PutKind.Publication)]));
        }

        return results;
    }

    [Fact]
    public async Task A_ban_that_storage_refuses_is_not_in_force()
    {
        cluster.Rows.BeforeWrite = (_, _) => throw new InvalidOperationException("The disk is full.");

        await Assert.ThrowsAnyAsync<Exception>(async () => await Rules.BanAsync(Range, isBanned: true));

        cluster.Rows.Heal();
        Assert.Empty((await Rules.GetAsync()).Bans);
    }
}
