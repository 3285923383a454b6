using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Silos die, and an edge's name stays with the edge that has it.</summary>
public sealed class NameUseTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private readonly TaskCompletionSource _silence = new();

    [Fact]
    public async Task A_holder_that_a_lost_silo_may_have_cut_off_keeps_its_name_until_it_was_heard_again_or_its_lease_is_over()
    {
        var dying = await StartSiloAsync();
        var (holder, newcomer) = (new TestEdge { Confirm = () => _silence.Task }, new TestEdge());
        var (reference, newcomerReference) = (cluster.Reference(holder), cluster.Reference(newcomer));
        var lease = await cluster.Directory.LeaseAsync("cut off", 1, reference);
        var other = await cluster.Directory.LeaseAsync("gone", 1, reference);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("cut off", newcomerReference));

        await cluster.Cluster.KillSiloAsync(dying);
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("cut off", newcomerReference));
        await DeadAsync(dying);
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("cut off", newcomerReference));

        Assert.True(await cluster.Directory.RenewAsync("cut off", lease.Epoch, reference, new EdgeReport()));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("cut off", newcomerReference));
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("gone", newcomerReference));
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("gone", newcomerReference));
        Assert.Equal(1, other.Epoch);
        _silence.SetResult();
        GC.KeepAlive((holder, newcomer));
    }

    [Fact]
    public async Task The_name_of_an_edge_within_a_silo_is_free_once_that_silo_is_dead()
    {
        var dying = await StartSiloAsync();
        var (holder, newcomer) = (new TestEdge { Confirm = () => _silence.Task }, new TestEdge());
        var within = cluster.Cluster.GetSiloServiceProvider(dying.SiloAddress).GetRequiredService<IGrainFactory>();
        var newcomerReference = cluster.Reference(newcomer);
        await cluster.Directory.LeaseAsync("within", 1, within.CreateObjectReference<IEdgeObserver>(holder));
        await cluster.Cluster.KillSiloAsync(dying);
        await DeadAsync(dying);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("within", newcomerReference));
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("within", newcomerReference));
        _silence.SetResult();
        GC.KeepAlive((holder, newcomer));
    }

    /// <summary>A silo without the directory.</summary>
    private async Task<InProcessSiloHandle> StartSiloAsync()
    {
        await cluster.Directory.GetLiveAsync();
        return await cluster.Cluster.StartAdditionalSiloAsync();
    }

    /// <summary>Waits until the silo of the directory takes another for dead.</summary>
    private async Task DeadAsync(InProcessSiloHandle silo)
    {
        var address = await cluster.FindSiloAsync(cluster.Directory);
        var oracle = cluster.Cluster.GetSiloServiceProvider(address).GetRequiredService<ISiloStatusOracle>();
        await cluster.UntilAsync(() => Task.FromResult(oracle.IsDeadSilo(silo.SiloAddress)));
    }
}
