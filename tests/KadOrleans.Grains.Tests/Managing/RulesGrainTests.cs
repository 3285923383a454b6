using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Managing;
using KadOrleans.Grains.Tests.Cluster;

namespace KadOrleans.Grains.Tests.Managing;

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
    public async Task A_ban_that_storage_refuses_is_not_in_force()
    {
        cluster.Rows.BeforeWrite = (_, _) => throw new InvalidOperationException("The disk is full.");

        await Assert.ThrowsAnyAsync<Exception>(async () => await Rules.BanAsync(Range, isBanned: true));

        cluster.Rows.Heal();
        Assert.Empty((await Rules.GetAsync()).Bans);
    }
}
