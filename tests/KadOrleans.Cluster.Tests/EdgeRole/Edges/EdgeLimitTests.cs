using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Limits that an operator changes while edges run.</summary>
public sealed class EdgeLimitTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IDhtAdmin Admin => cluster.Admin;

    [Fact]
    public async Task A_changed_rate_holds_on_all_edges_at_once_and_on_one_that_starts_later()
    {
        await using var peer = Peer.Engine();
        await using var one = await TestEdge.ServeAsync(cluster.Client, "limits-1");
        await using var other = await TestEdge.ServeAsync(cluster.Client, "limits-2");

        var change = await Admin.SetLimitAsync("requestsPerSource", 1, Token);

        Assert.True(change.Changed);
        Assert.Empty(change.Missing.Except(Silos.Select(limits => limits.Name)));

        await using var later = await TestEdge.ServeAsync(cluster.Client, "limits-3");
        foreach (var edge in new[] { one, other, later })
        {
            Assert.True(await RefusesAsync(edge, peer));
        }

        await SetAsync("requestsPerSource", null);
        foreach (var edge in new[] { one, other, later })
        {
            Assert.False(await RefusesAsync(edge, peer));
        }
    }

    [Fact]
    public async Task An_edge_that_a_change_does_not_reach_is_named_and_follows_with_its_next_renewal()
    {
        await using var peer = Peer.Engine();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "frozen");
        cluster.LosesRules = true;
        try
        {
            Assert.Contains("frozen", (await Admin.SetLimitAsync("requestsPerSource", 1, Token)).Missing);

            await Eventually.ReadAsync(() => Admin.GetLimitsAsync(Token), limits => !limits.Missing.Contains("frozen"));
            Assert.True(await RefusesAsync(edge, peer));
        }
        finally
        {
            cluster.LosesRules = false;
            await Admin.SetLimitAsync("requestsPerSource", null, Token);
        }
    }

    [Fact]
    public async Task A_quota_of_the_cluster_binds_what_edges_take_in()
    {
        await using var peer = Peer.Engine();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "quota", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.ReadAsync(() => peer.PingAsync(edge.Endpoints[0], Token), ping => ping.Answered);

        await SetAsync("totalKeys", 0);
        var refused = await peer.SetOnContactsAsync(NodeId.FromKey("refused"), "value", Token);
        await SetAsync("totalKeys", null);
        var stored = await peer.SetOnContactsAsync(NodeId.FromKey("stored"), "value", Token);

        Assert.Equal((0, 1), (refused.Stored, refused.Refused));
        Assert.Equal(1, stored.Stored);
    }

    private IEnumerable<ClusterLimits> Silos => cluster.Value.Silos.Select(
        silo => cluster.Value.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ClusterLimits>());

    /// <summary>Changes a limit and has each silo ask for it.</summary>
    private async Task SetAsync(string name, long? value)
    {
        await Admin.SetLimitAsync(name, value, Token);
        await Task.WhenAll(Silos.Select(limits => limits.FetchAsync().AsTask()));
        Assert.Empty((await Admin.GetLimitsAsync(Token)).Missing);
    }

    // Twenty requests at once are refused in part by a rate of one a second.
    private static async Task<bool> RefusesAsync(TestEdge edge, KadOrleans.Node.DhtNode peer)
    {
        var before = Refused();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => peer.PingAsync(edge.Endpoints[0], Token)));
        return Refused() > before;

        long Refused() => edge.Overview.Counts.GetValueOrDefault("refused.SourceLimit");
    }
}
