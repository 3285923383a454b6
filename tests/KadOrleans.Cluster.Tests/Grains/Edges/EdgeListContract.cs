using KadOrleans.Cluster.Tests.Edges;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What readers of the list of edges count on.</summary>
public abstract class EdgeListContract
{
    private readonly TestEdge _edge = new();

    private IEdgeDesk Reference => field ??= CreateReference(_edge);

    internal abstract IEdgeDirectoryGrain Directory { get; }

    internal abstract IEdgeDesk CreateReference(IEdgeDesk edge);

    /// <summary>Ends the activation. The next call begins another one.</summary>
    protected abstract Task MoveAsync();

    protected abstract void Advance(TimeSpan time);

    [Fact]
    public async Task A_directory_that_moved_lists_the_same_edges_in_the_same_version_for_one_lease()
    {
        await BeginAsync();
        var lease = await LeaseAsync("listed", 3);
        await LeaseAsync("listed", 2);
        await Directory.ReleaseAsync("gone before", (await LeaseAsync("gone before")).Epoch);
        var before = await Directory.ListAsync(0);
        await MoveAsync();

        Deep.Equal(new EdgeList(before.Version, IsWhole: false, [], []), await Directory.ListAsync(before.Version));
        var live = Assert.Single((await Directory.ListAsync(0)).Edges);
        Assert.Equal(("listed", lease.Epoch + 1, Reference), (live.Name, live.Epoch, live.Observer));
        Assert.Equal(lease.NodeIds.Take(2), live.NodeIds);
        Assert.True(await live.Observer.AcceptAsync(new RandomWalkWork(live.NodeIds[0])));

        Advance(IEdgeDirectoryGrain.LeaseDuration);
        var after = await Directory.ListAsync(before.Version);
        Assert.Equal((false, "listed"), (after.IsWhole, Assert.Single(after.Ended)));
    }

    [Fact]
    public async Task A_reader_is_told_what_has_changed_since_its_version()
    {
        await BeginAsync();
        await LeaseAsync("stays");
        await LeaseAsync("ends");
        var leaves = await LeaseAsync("leaves");
        var stays = await LeaseAsync("stays");
        var known = (await Directory.ListAsync(0)).Version;
        Advance(IEdgeDirectoryGrain.RenewalInterval);
        Assert.True(await RenewAsync("stays", stays.Epoch));
        await Directory.ReleaseAsync("leaves", leaves.Epoch);
        Advance(IEdgeDirectoryGrain.LeaseDuration - IEdgeDirectoryGrain.RenewalInterval);
        await LeaseAsync("comes");

        var changes = await Directory.ListAsync(known);
        Assert.False(changes.IsWhole);
        Assert.Equal(["comes"], changes.Edges.Select(edge => edge.Name));
        Assert.Equal(["ends", "leaves"], changes.Ended.Order());
        Assert.True((await Directory.ListAsync(known ^ 1)).IsWhole);
        Assert.Equal(["comes", "stays"], (await Directory.ListAsync(known ^ 1)).Edges.Select(edge => edge.Name).Order());
    }

    [Fact]
    public async Task An_edge_that_ended_long_before_the_directory_moved_is_not_listed_after_it_and_one_that_renewed_late_is()
    {
        await BeginAsync();
        await LeaseAsync("ended");
        var renews = await LeaseAsync("renews");
        for (var moved = 0; moved < 3; moved++)
        {
            Advance(2 * IEdgeDirectoryGrain.LeaseDuration);
            Assert.Empty(await Directory.GetLiveAsync());
            Assert.True(await RenewAsync("renews", renews.Epoch));

            // It waits for the writes before it.
            await Directory.ReleaseAsync("waits", (await LeaseAsync("waits")).Epoch);
            await MoveAsync();
            Assert.Equal("renews", Assert.Single(await Directory.GetLiveAsync()).Name);
        }
    }

    [Fact]
    public async Task The_network_s_size_is_the_median_of_what_live_edges_report()
    {
        await BeginAsync();
        Assert.Null(await Directory.GetNetworkSizeAsync());
        double?[] sizes = [100, null, 1_000, 900];
        foreach (var (i, size) in sizes.Index())
        {
            var lease = await LeaseAsync($"sizes {i}");
            await Directory.RenewAsync($"sizes {i}", lease.Epoch, Reference, new EdgeReport { NetworkSize = size });
        }

        Assert.Equal(900, await Directory.GetNetworkSizeAsync());
    }

    // What other tests leased has ended, and the directory has known of all edges for long.
    private async Task BeginAsync()
    {
        await Directory.ListAsync(0);
        Advance(2 * IEdgeDirectoryGrain.LeaseDuration);
        Assert.Empty(await Directory.GetLiveAsync());
    }

    private Task<EdgeLease> LeaseAsync(string name, int count = 1) => Directory.LeaseAsync(name, count, Reference).AsTask();

    private async ValueTask<bool> RenewAsync(string name, long epoch) =>
        await Directory.RenewAsync(name, epoch, Reference, new EdgeReport()) == LeaseRenewal.Renewed;
}

[Collection(SharedCluster.Name)]
public sealed class SiloEdgeListTests(ClusterFixture cluster) : EdgeListContract
{
    internal override IEdgeDirectoryGrain Directory => cluster.Directory;

    internal override IEdgeDesk CreateReference(IEdgeDesk edge) => cluster.Reference(edge);

    protected override Task MoveAsync() => cluster.Cluster.DeactivateAsync(Directory);

    protected override void Advance(TimeSpan time) => cluster.Clock.Advance(time);
}

/// <summary>The directory of simulations.</summary>
public sealed class HostedEdgeListTests : EdgeListContract
{
    private readonly ManualTimeProvider _clock = new();
    private readonly DirectoryHost _host;

    public HostedEdgeListTests() => _host = new DirectoryHost(_clock);

    internal override IEdgeDirectoryGrain Directory => _host.Directory;

    internal override IEdgeDesk CreateReference(IEdgeDesk edge) => _host.Reference(edge);

    protected override Task MoveAsync()
    {
        _host.Move();
        return Task.CompletedTask;
    }

    protected override void Advance(TimeSpan time) => _clock.Advance(time);
}
