namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class EdgeDirectoryGrainTests(ClusterFixture cluster) : IDisposable
{
    private readonly TestEdge _edge = new();
    private readonly IEdgeDesk _newcomer = cluster.Reference(new TestEdge());

    private IEdgeDesk Reference => field ??= cluster.Reference(_edge);

    private IEdgeDirectoryGrain Directory => cluster.Directory;

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task A_name_keeps_its_ids_and_each_lease_has_a_higher_epoch()
    {
        var first = await LeaseAsync("keeps", 3);
        Assert.Equal(3, first.NodeIds.Distinct().Count());
        Assert.Equal(ClusterFixture.ShardBits, first.Settings.ShardBits);
        await MoveAsync();
        var second = await LeaseAsync("keeps", 5);
        Assert.Equal(first.Epoch + 1, second.Epoch);
        Assert.Equal(first.NodeIds, second.NodeIds.Take(3));
        Assert.Equal(first.NodeIds.Take(2), (await LeaseAsync("keeps", 2)).NodeIds);
        Assert.Equal(second.NodeIds, (await LeaseAsync("keeps", 5)).NodeIds);
        Assert.Empty((await LeaseAsync("other", 5)).NodeIds.Intersect(second.NodeIds));
    }

    [Fact]
    public async Task A_lease_ends_without_renewal_and_a_late_one_brings_it_back()
    {
        var lease = await LeaseAsync("ends");
        cluster.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(LeaseRenewal.Renewed, await Directory.RenewAsync("ends", lease.Epoch, Reference, new EdgeReport { Contacts = 7 }));
        cluster.Clock.Advance(TimeSpan.FromSeconds(29));
        var live = Assert.Single(await Directory.GetLiveAsync(), edge => edge.Name == "ends");
        Assert.Equal(lease.Epoch, live.Epoch);
        Assert.Equal(7, Assert.Single(await Directory.GetStatusAsync(), edge => edge.Name == "ends").Report.Contacts);
        Assert.Equal(lease.NodeIds, live.NodeIds);
        cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await IsLiveAsync("ends"));
        var ended = Assert.Single(await Directory.GetNamesAsync(), name => name.Name == "ends");
        Assert.Equal((null, cluster.Clock.GetUtcNow() - TimeSpan.FromSeconds(30)), (ended.Live, ended.LastSeen));

        Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("ends", lease.Epoch));
        Assert.Equal(lease.Epoch, Assert.Single(await Directory.GetLiveAsync(), edge => edge.Name == "ends").Epoch);
    }

    [Fact]
    public async Task An_edge_that_is_lost_with_its_directory_was_last_seen_when_the_next_one_began()
    {
        var lease = await LeaseAsync("presumed");
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(5); passed += TimeSpan.FromSeconds(10))
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("presumed", lease.Epoch));
        }

        await MoveAsync();
        Assert.True(await IsLiveAsync("presumed"));
        var began = cluster.Clock.GetUtcNow();
        await WasSeenThenAsync();
        await MoveAsync();
        await WasSeenThenAsync();

        // The lease of another edge has all that is known written.
        async Task WasSeenThenAsync()
        {
            cluster.Clock.Advance(TimeSpan.FromMinutes(1));
            Assert.False(await IsLiveAsync("presumed"));
            var another = await LeaseAsync("another");
            Assert.Equal(began, Assert.Single(await Directory.GetNamesAsync(), name => name.Name == "presumed").LastSeen);
            await Directory.ReleaseAsync("another", another.Epoch);
        }
    }

    [Fact]
    public async Task An_older_holder_is_told_that_it_lost_its_lease()
    {
        var older = await LeaseAsync("fenced");
        var newer = await LeaseAsync("fenced");
        Assert.Equal(LeaseRenewal.Gone, await RenewAsync("fenced", older.Epoch));
        await Directory.ReleaseAsync("fenced", older.Epoch);
        Assert.True(await IsLiveAsync("fenced"));
        Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("fenced", newer.Epoch));
        Assert.Equal(LeaseRenewal.Gone, await RenewAsync("nobody", 1));
    }

    [Fact]
    public async Task A_name_is_forgotten_thirty_days_after_its_last_edge_and_a_name_in_use_is_not()
    {
        var gone = await LeaseAsync("gone for good");
        var used = await LeaseAsync("in use");
        for (var day = 0; day < ForgottenNames.Life.TotalDays; day++)
        {
            cluster.Clock.Advance(ForgottenNames.RecordPeriod);
            Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("in use", used.Epoch));
        }

        // A lease waits for the writes before it.
        await LeaseAsync("somebody");
        Assert.Equal(used.NodeIds, (await LeaseAsync("in use")).NodeIds);
        Assert.NotEqual(gone.NodeIds, (await LeaseAsync("gone for good")).NodeIds);
    }

    [Fact]
    public async Task A_name_is_held_while_another_edge_with_its_lease_confirms_even_if_that_one_did_not_renew()
    {
        Assert.False(await IsHeldAsync("held"));
        var lease = await LeaseAsync("held");
        Assert.Equal(NameUse.Free, await Directory.AskForNameAsync("held", Reference));
        Assert.False(await IsHeldAsync("not held"));

        // While the holder is asked others are served.
        _edge.Confirm = async () => await RenewAsync("held", lease.Epoch);
        Assert.True(await IsHeldAsync("held"));

        // A holder that does not respond frees its name.
        var silence = new TaskCompletionSource();
        _edge.Confirm = () => silence.Task;
        Assert.False(await IsHeldAsync("held"));
        silence.SetResult();

        // One that responds has it although its lease is over.
        _edge.Confirm = () => Task.CompletedTask;
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        Assert.False(await IsLiveAsync("held"));
        Assert.True(await IsHeldAsync("held"));
        await Directory.ReleaseAsync("held", lease.Epoch);
        Assert.False(await IsHeldAsync("held"));
    }

    [Fact]
    public async Task A_directory_that_moved_leaves_a_name_to_its_holder_until_that_one_s_lease_is_over()
    {
        var lease = await LeaseAsync("moved");
        await MoveAsync();
        Assert.True(await IsHeldAsync("moved"));
        Assert.Equal(NameUse.Free, await Directory.AskForNameAsync("moved", Reference));
        Assert.False(await IsHeldAsync("never leased"));
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration - TimeSpan.FromTicks(1));
        Assert.True(await IsHeldAsync("moved"));
        cluster.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(await IsHeldAsync("moved"));
        Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("moved", lease.Epoch));
        Assert.True(await IsHeldAsync("moved"));
    }

    [Fact]
    public async Task A_name_that_was_handed_back_is_free_at_once_wherever_the_directory_is()
    {
        var older = await LeaseAsync("returned");
        var lease = await LeaseAsync("returned");
        await MoveAsync();
        await Directory.ReleaseAsync("returned", older.Epoch);
        Assert.True(await IsHeldAsync("returned"));
        await Directory.ReleaseAsync("returned", lease.Epoch);
        Assert.Equal(LeaseRenewal.Ended, await RenewAsync("returned", lease.Epoch));
        await MoveAsync();
        Assert.False(await IsHeldAsync("returned"));
        Assert.Equal(LeaseRenewal.Ended, await RenewAsync("returned", lease.Epoch));
        Assert.Equal(lease.Epoch + 1, (await Directory.LeaseAsync("returned", 1, _newcomer)).Epoch);
        await MoveAsync();
        Assert.NotEqual(NameUse.Free, await Directory.AskForNameAsync("returned", Reference));
    }

    [Fact]
    public async Task A_name_that_was_handed_back_is_free_although_storage_is_away()
    {
        var lease = await LeaseAsync("returned without storage");
        await MoveAsync();
        Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("returned without storage", lease.Epoch));
        cluster.Rows.BeforeWrite = (_, _) => throw new TimeoutException("storage is away");
        await Assert.ThrowsAnyAsync<Exception>(async () => await Directory.ReleaseAsync("returned without storage", lease.Epoch));
        Assert.False(await IsHeldAsync("returned without storage"));
    }

    [Fact]
    public async Task A_lease_that_could_not_be_saved_is_not_given()
    {
        var lease = await LeaseAsync("unsaved");
        foreach (var isDone in new[] { false, true })
        {
            cluster.Rows.Heal();
            Func<string, GrainId, Task> fault = (_, _) => throw new TimeoutException("storage is away");
            cluster.Rows.BeforeWrite = isDone ? TestRows.NoFault : fault;
            cluster.Rows.AfterWrite = fault;
            await Assert.ThrowsAnyAsync<Exception>(async () => await LeaseAsync("unsaved", 2));
        }

        cluster.Rows.Heal();
        var next = await LeaseAsync("unsaved");
        Assert.Equal(lease.Epoch + 2, next.Epoch);
        Assert.Equal(lease.NodeIds, next.NodeIds);
    }

    [Fact]
    public async Task An_edge_that_starts_while_storage_is_away_ends_no_other_s_lease()
    {
        var lease = await LeaseAsync("stays");
        Func<string, GrainId, Task> fault = (_, grain) =>
            grain == Directory.GetGrainId() ? throw new TimeoutException("storage is away") : Task.CompletedTask;
        (cluster.Rows.BeforeWrite, cluster.Rows.BeforeRead) = (fault, fault);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await LeaseAsync("starts"));
            Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("stays", lease.Epoch));
            Assert.True(await IsLiveAsync("stays"));
        }

        cluster.Rows.Heal();
        Assert.Equal(1, (await LeaseAsync("starts")).Epoch);
    }

    [Fact]
    public async Task While_a_lease_is_on_its_way_to_storage_others_are_renewed_and_handed_back()
    {
        var lease = await LeaseAsync("renewed");
        var (gate, reached) = cluster.Rows.Hold(Directory);
        var leasing = LeaseAsync("hangs");
        var releasing = Task.CompletedTask;
        await reached;

        try
        {
            Assert.Equal(LeaseRenewal.Renewed, await RenewAsync("renewed", lease.Epoch));
            Assert.True(await IsLiveAsync("renewed"));

            // A lease that is not stored is none yet.
            Assert.DoesNotContain("hangs", (await Directory.GetNamesAsync()).Select(name => name.Name));
            releasing = Directory.ReleaseAsync("renewed", lease.Epoch).AsTask();
            await cluster.UntilAsync(async () => !await IsLiveAsync("renewed"));
            Assert.False(leasing.IsCompleted || releasing.IsCompleted);
        }
        finally
        {
            gate.SetResult();
            await Task.WhenAll(leasing, releasing);
        }
    }

    [Fact]
    public async Task A_lease_that_was_waited_for_too_long_is_not_given()
    {
        var (gate, reached) = cluster.Rows.Hold(Directory);
        var first = LeaseAsync("slow");
        await reached;
        var arrived = cluster.Gate.Count(Directory, nameof(IEdgeDirectoryGrain.LeaseAsync));
        var waits = LeaseAsync("waited");
        await cluster.UntilAsync(() => cluster.Gate.Count(Directory, nameof(IEdgeDirectoryGrain.LeaseAsync)) > arrived);
        await Directory.GetLiveAsync();
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseTimeout);
        gate.SetResult();

        await first;
        await Assert.ThrowsAsync<TimeoutException>(() => waits);
        Assert.Equal(1, (await LeaseAsync("waited")).Epoch);
    }

    [Fact]
    public async Task Wrong_names_and_counts_are_refused()
    {
        (string?, int)[] wrong = [(string.Empty, 1), (null, 1), (new string('x', 129), 1), ("fine", 0), ("fine", 65)];
        foreach (var (name, count) in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => LeaseAsync(name!, count));
        }
    }

    [Fact]
    public async Task A_drained_edge_s_name_is_forgotten_once_it_asks_for_its_lease_no_more()
    {
        await LeaseAsync("drained");
        Assert.True(await Directory.ChangeAsync("drained", NameChange.Drain));
        await Assert.ThrowsAsync<EdgeDrainedException>(() => LeaseAsync("drained"));
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration - TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Directory.ChangeAsync("drained", NameChange.Forget));

        cluster.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(await Directory.ChangeAsync("drained", NameChange.Forget));
        Assert.DoesNotContain(await Directory.GetNamesAsync(), name => name.Name == "drained");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_edge_whose_lease_was_ended_runs_on_and_is_not_forgotten_before_it_can_lease_again(bool isDrained)
    {
        var first = await LeaseAsync("resumed");
        foreach (var change in isDrained ? (NameChange[])[NameChange.Drain, NameChange.Resume] : [NameChange.RotateIds])
        {
            Assert.True(await Directory.ChangeAsync("resumed", change));
            Assert.Equal(LeaseRenewal.Ended, await RenewAsync("resumed", first.Epoch));
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await Directory.ChangeAsync("resumed", NameChange.Forget));

        // One that handed it back has stopped.
        var lease = await LeaseAsync("resumed");
        await Directory.ReleaseAsync("resumed", lease.Epoch);
        Assert.True(await Directory.ChangeAsync("resumed", NameChange.Forget));
    }

    private Task<EdgeLease> LeaseAsync(string name, int count = 1) => Directory.LeaseAsync(name, count, Reference).AsTask();

    private ValueTask<LeaseRenewal> RenewAsync(string name, long epoch) => Directory.RenewAsync(name, epoch, Reference, new EdgeReport());

    private async Task<bool> IsHeldAsync(string name) => await Directory.AskForNameAsync(name, _newcomer) != NameUse.Free;

    private async Task<bool> IsLiveAsync(string name) => (await Directory.GetLiveAsync()).Any(edge => edge.Name == name);

    private Task MoveAsync() => cluster.Cluster.DeactivateAsync(Directory);
}
