using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class NameUseTests(CrashCluster cluster) : IClassFixture<CrashCluster>, IAsyncLifetime
{
    private readonly TaskCompletionSource _silence = new();
    private readonly IEdgeDesk _newcomer = cluster.Reference(new TestEdge());
    private readonly TestEdge _holder = new();
    private InProcessSiloHandle _dying = null!;

    public async ValueTask InitializeAsync()
    {
        _holder.Confirm = () => _silence.Task;

        // A silo without the directory.
        await cluster.Directory.GetLiveAsync();
        _dying = await cluster.Cluster.StartAdditionalSiloAsync();
    }

    public ValueTask DisposeAsync()
    {
        _silence.SetResult();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_holder_that_a_lost_silo_may_have_cut_off_keeps_its_name_until_it_was_heard_again_or_its_lease_is_over()
    {
        var reference = cluster.Reference(_holder);
        var lease = await cluster.Directory.LeaseAsync("cut off", 1, reference);
        await cluster.Directory.LeaseAsync("gone", 1, reference);
        Assert.False(await IsHeldAsync("cut off"));

        await cluster.Cluster.KillSiloAsync(_dying);
        Assert.True(await IsHeldAsync("cut off"));
        await DeadAsync();
        Assert.True(await IsHeldAsync("cut off"));

        Assert.Equal(LeaseRenewal.Renewed, await cluster.Directory.RenewAsync("cut off", lease.Epoch, reference, new EdgeReport()));
        Assert.False(await IsHeldAsync("cut off"));
        Assert.True(await IsHeldAsync("gone"));
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        Assert.False(await IsHeldAsync("gone"));
    }

    [Fact]
    public async Task The_name_of_an_edge_within_a_silo_is_free_once_that_silo_is_dead()
    {
        var within = cluster.Service<IGrainFactory>(_dying.SiloAddress);
        await cluster.Directory.LeaseAsync("within", 1, within.CreateObjectReference<IEdgeDesk>(_holder));
        await cluster.Cluster.KillSiloAsync(_dying);
        await DeadAsync();
        Assert.False(await IsHeldAsync("within"));
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.False(await IsHeldAsync("within"));
    }

    private async Task<bool> IsHeldAsync(string name) => await cluster.Directory.AskForNameAsync(name, _newcomer) != NameUse.Free;

    private async Task DeadAsync()
    {
        var address = await cluster.FindSiloAsync(cluster.Directory);
        var oracle = cluster.Service<ISiloStatusOracle>(address);
        await cluster.UntilAsync(() => oracle.IsDeadSilo(_dying.SiloAddress));
    }
}
