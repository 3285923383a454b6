namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class EdgeDirectoryGrainTests(ClusterFixture cluster) : IDisposable
{
    private readonly TestEdge _edge = new();

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task A_name_keeps_its_ids_and_each_lease_has_a_higher_epoch()
    {
        var reference = cluster.Reference(_edge);
        var first = await cluster.Directory.LeaseAsync("keeps", 3, reference);
        Assert.Equal(3, first.NodeIds.Distinct().Count());
        Assert.Equal(ClusterFixture.ShardBits, first.Settings.ShardBits);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        var second = await cluster.Directory.LeaseAsync("keeps", 5, reference);
        Assert.Equal(first.Epoch + 1, second.Epoch);
        Assert.Equal(first.NodeIds, second.NodeIds.Take(3));
        Assert.Equal(first.NodeIds.Take(2), (await cluster.Directory.LeaseAsync("keeps", 2, reference)).NodeIds);
        Assert.Equal(second.NodeIds, (await cluster.Directory.LeaseAsync("keeps", 5, reference)).NodeIds);
        Assert.Empty((await cluster.Directory.LeaseAsync("other", 5, reference)).NodeIds.Intersect(second.NodeIds));
    }

    [Fact]
    public async Task A_lease_ends_without_renewal_and_a_late_one_brings_it_back()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("ends", 1, reference);
        cluster.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.True(await cluster.Directory.RenewAsync("ends", lease.Epoch, reference, new EdgeReport { Contacts = 7 }));
        cluster.Clock.Advance(TimeSpan.FromSeconds(29));
        var live = Assert.Single(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "ends");
        Assert.Equal((lease.Epoch, 7), (live.Epoch, live.Report.Contacts));
        Assert.Equal(lease.NodeIds, live.NodeIds);
        cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "ends");

        Assert.True(await cluster.Directory.RenewAsync("ends", lease.Epoch, reference, new EdgeReport()));
        Assert.Equal(lease.Epoch, Assert.Single(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "ends").Epoch);
    }

    [Fact]
    public async Task An_older_holder_is_told_that_it_lost_its_lease()
    {
        var reference = cluster.Reference(_edge);
        var older = await cluster.Directory.LeaseAsync("fenced", 1, reference);
        var newer = await cluster.Directory.LeaseAsync("fenced", 1, reference);
        Assert.False(await cluster.Directory.RenewAsync("fenced", older.Epoch, reference, new EdgeReport()));
        await cluster.Directory.ReleaseAsync("fenced", older.Epoch);
        Assert.Contains(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "fenced");
        Assert.True(await cluster.Directory.RenewAsync("fenced", newer.Epoch, reference, new EdgeReport()));
        Assert.False(await cluster.Directory.RenewAsync("nobody", 1, reference, new EdgeReport()));
    }

    [Fact]
    public async Task A_name_is_forgotten_thirty_days_after_its_last_edge_and_a_name_in_use_is_not()
    {
        var reference = cluster.Reference(_edge);
        var gone = await cluster.Directory.LeaseAsync("gone for good", 1, reference);
        var used = await cluster.Directory.LeaseAsync("in use", 1, reference);
        for (var day = 0; day < ForgottenNames.Life.TotalDays; day++)
        {
            cluster.Clock.Advance(ForgottenNames.NotePeriod);
            Assert.True(await cluster.Directory.RenewAsync("in use", used.Epoch, reference, new EdgeReport()));
        }

        // A lease waits for the writes before it.
        await cluster.Directory.LeaseAsync("somebody", 1, reference);
        Assert.Equal(used.NodeIds, (await cluster.Directory.LeaseAsync("in use", 1, reference)).NodeIds);
        Assert.NotEqual(gone.NodeIds, (await cluster.Directory.LeaseAsync("gone for good", 1, reference)).NodeIds);
    }

    [Fact]
    public async Task A_name_is_held_while_another_edge_with_its_lease_confirms()
    {
        var reference = cluster.Reference(_edge);
        var newcomer = new TestEdge();
        var newcomerReference = cluster.Reference(newcomer);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("held", newcomerReference));
        var lease = await cluster.Directory.LeaseAsync("held", 1, reference);
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("held", newcomerReference));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("held", reference));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("not held", newcomerReference));
        await cluster.Directory.ReleaseAsync("held", lease.Epoch);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("held", newcomerReference));
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task A_holder_that_does_not_answer_frees_its_name()
    {
        var silence = new TaskCompletionSource();
        _edge.Confirm = () => silence.Task;
        var newcomer = new TestEdge();
        await cluster.Directory.LeaseAsync("silent", 1, cluster.Reference(_edge));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("silent", cluster.Reference(newcomer)));
        silence.SetResult();
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task A_directory_that_moved_leaves_a_name_to_its_holder_until_that_one_s_lease_is_over()
    {
        var reference = cluster.Reference(_edge);
        var newcomer = new TestEdge();
        var newcomerReference = cluster.Reference(newcomer);
        var lease = await cluster.Directory.LeaseAsync("moved", 1, reference);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("moved", newcomerReference));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("moved", reference));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("never leased", newcomerReference));
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration - TimeSpan.FromTicks(1));
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("moved", newcomerReference));
        cluster.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("moved", newcomerReference));
        Assert.True(await cluster.Directory.RenewAsync("moved", lease.Epoch, reference, new EdgeReport()));
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("moved", newcomerReference));
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task A_holder_that_answers_has_its_name_although_it_did_not_renew()
    {
        var newcomer = new TestEdge();
        await cluster.Directory.LeaseAsync("late", 1, cluster.Reference(_edge));
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        Assert.DoesNotContain(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "late");
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("late", cluster.Reference(newcomer)));
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task A_name_that_was_handed_back_is_free_at_once_wherever_the_directory_is()
    {
        var reference = cluster.Reference(_edge);
        var newcomer = new TestEdge();
        var newcomerReference = cluster.Reference(newcomer);
        var older = await cluster.Directory.LeaseAsync("returned", 1, reference);
        var lease = await cluster.Directory.LeaseAsync("returned", 1, reference);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        await cluster.Directory.ReleaseAsync("returned", older.Epoch);
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("returned", newcomerReference));
        await cluster.Directory.ReleaseAsync("returned", lease.Epoch);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("returned", newcomerReference));
        Assert.False(await cluster.Directory.RenewAsync("returned", lease.Epoch, reference, new EdgeReport()));
        Assert.Equal(lease.Epoch + 1, (await cluster.Directory.LeaseAsync("returned", 1, newcomerReference)).Epoch);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("returned", reference));
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task A_name_that_was_handed_back_is_free_although_storage_is_away()
    {
        var reference = cluster.Reference(_edge);
        var newcomer = new TestEdge();
        var lease = await cluster.Directory.LeaseAsync("returned without storage", 1, reference);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.True(await cluster.Directory.RenewAsync("returned without storage", lease.Epoch, reference, new EdgeReport()));
        cluster.Rows.BeforeWrite = (_, _) => throw new TimeoutException("storage is away");
        await Assert.ThrowsAnyAsync<Exception>(async () => await cluster.Directory.ReleaseAsync("returned without storage", lease.Epoch));
        Assert.False(await cluster.Directory.IsHeldByAnotherAsync("returned without storage", cluster.Reference(newcomer)));
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task While_a_holder_is_asked_others_are_served()
    {
        var reference = cluster.Reference(_edge);
        var newcomer = new TestEdge();
        var lease = await cluster.Directory.LeaseAsync("asked", 1, reference);
        _edge.Confirm = async () => await cluster.Directory.RenewAsync("asked", lease.Epoch, reference, new EdgeReport());
        Assert.True(await cluster.Directory.IsHeldByAnotherAsync("asked", cluster.Reference(newcomer)));
        GC.KeepAlive(newcomer);
    }

    [Fact]
    public async Task A_lease_that_was_handed_back_is_not_renewed()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("released", 1, reference);
        await cluster.Directory.ReleaseAsync("released", lease.Epoch);
        Assert.DoesNotContain(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "released");
        Assert.False(await cluster.Directory.RenewAsync("released", lease.Epoch, reference, new EdgeReport()));
    }

    [Fact]
    public async Task Renewals_bring_the_live_edges_back_after_the_activation_was_lost()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("back", 2, reference);
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.DoesNotContain(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "back");
        var report = new EdgeReport { Endpoints = [UdpEndpoint.Parse("127.0.0.1:1"), UdpEndpoint.Parse("127.0.0.1:2")] };
        Assert.True(await cluster.Directory.RenewAsync("back", lease.Epoch, reference, report));
        Assert.Equal(lease.NodeIds, Assert.Single(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "back").NodeIds);
    }

    [Fact]
    public async Task A_lease_that_could_not_be_saved_is_not_given()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("unsaved", 1, reference);
        foreach (var isDone in new[] { false, true })
        {
            cluster.Rows.Heal();
            Func<string, GrainId, Task> fault = (_, _) => throw new TimeoutException("storage is away");
            cluster.Rows.BeforeWrite = isDone ? TestRows.NoFault : fault;
            cluster.Rows.AfterWrite = fault;
            await Assert.ThrowsAnyAsync<Exception>(async () => await cluster.Directory.LeaseAsync("unsaved", 2, reference));
        }

        cluster.Rows.Heal();
        var next = await cluster.Directory.LeaseAsync("unsaved", 1, reference);
        Assert.Equal(lease.Epoch + 2, next.Epoch);
        Assert.Equal(lease.NodeIds, next.NodeIds);
    }

    [Fact]
    public async Task An_edge_that_starts_while_storage_is_away_ends_no_other_s_lease()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("stays", 1, reference);
        Func<string, GrainId, Task> fault = (_, grain) =>
            grain == cluster.Directory.GetGrainId() ? throw new TimeoutException("storage is away") : Task.CompletedTask;
        (cluster.Rows.BeforeWrite, cluster.Rows.BeforeRead) = (fault, fault);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await cluster.Directory.LeaseAsync("starts", 1, reference));
            Assert.True(await cluster.Directory.RenewAsync("stays", lease.Epoch, reference, new EdgeReport()));
            Assert.Contains(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "stays");
        }

        cluster.Rows.Heal();
        Assert.Equal(1, (await cluster.Directory.LeaseAsync("starts", 1, reference)).Epoch);
    }

    [Fact]
    public async Task While_a_lease_is_on_its_way_to_storage_others_are_renewed()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("renewed", 1, reference);
        var gate = new TaskCompletionSource();
        var reached = cluster.Rows.HoldAsync(cluster.Directory.GetGrainId(), gate.Task);
        var leasing = cluster.Directory.LeaseAsync("hangs", 1, reference).AsTask();
        var releasing = Task.CompletedTask;
        await reached;

        try
        {
            Assert.True(await cluster.Directory.RenewAsync("renewed", lease.Epoch, reference, new EdgeReport()));
            Assert.Contains(await cluster.Directory.GetLiveAsync(), edge => edge.Name == "renewed");
            releasing = cluster.Directory.ReleaseAsync("renewed", lease.Epoch).AsTask();
            await cluster.UntilAsync(async () => (await cluster.Directory.GetLiveAsync()).All(edge => edge.Name != "renewed"));
            Assert.False(leasing.IsCompleted || releasing.IsCompleted);
        }
        finally
        {
            gate.SetResult();
            await Task.WhenAll(leasing, releasing);
        }
    }

    [Fact]
    public async Task Leases_of_many_edges_at_once_share_writes_and_an_edge_that_asks_twice_gets_the_later_epoch()
    {
        var references = Enumerable.Range(0, 600).Select(_ => new TestEdge()).ToDictionary(edge => cluster.Reference(edge));
        await cluster.Directory.LeaseAsync("before", 1, cluster.Reference(_edge));
        var writes = cluster.Rows.Writes[cluster.Directory.GetGrainId()];
        var gate = new TaskCompletionSource();
        var reached = cluster.Rows.HoldAsync(cluster.Directory.GetGrainId(), gate.Task);
        var arrived = cluster.Arrived.At(cluster.Directory, nameof(IEdgeDirectoryGrain.LeaseAsync));
        var first = cluster.Directory.LeaseAsync("many 0", 2, references.Keys.First()).AsTask();
        await reached;
        var leasing = references.Keys.Select((reference, i) => cluster.Directory.LeaseAsync($"many {i}", 2, reference).AsTask()).ToList();
        await cluster.UntilAsync(
            () => Task.FromResult(cluster.Arrived.At(cluster.Directory, nameof(IEdgeDirectoryGrain.LeaseAsync)) - arrived == references.Count + 1));
        gate.SetResult();
        await first;
        var leases = await Task.WhenAll(leasing);

        Assert.Equal(1200, leases.SelectMany(lease => lease.NodeIds).Distinct().Count());
        Assert.Equal((await first).Epoch + 1, leases[0].Epoch);
        Assert.InRange(cluster.Rows.Writes[cluster.Directory.GetGrainId()] - writes, 2, 6);
        Assert.Equal(600, (await cluster.Directory.GetLiveAsync()).Count(edge => edge.Name.StartsWith("many", StringComparison.Ordinal)));
        GC.KeepAlive(references);
    }

    [Fact]
    public async Task A_lease_that_was_waited_for_too_long_is_not_given()
    {
        var reference = cluster.Reference(_edge);
        var gate = new TaskCompletionSource();
        var reached = cluster.Rows.HoldAsync(cluster.Directory.GetGrainId(), gate.Task);
        var first = cluster.Directory.LeaseAsync("slow", 1, reference).AsTask();
        await reached;
        var waits = cluster.Directory.LeaseAsync("waited", 1, reference).AsTask();
        await cluster.Directory.GetLiveAsync();
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseTimeout);
        gate.SetResult();

        await first;
        await Assert.ThrowsAsync<TimeoutException>(() => waits);
        Assert.Equal(1, (await cluster.Directory.LeaseAsync("waited", 1, reference)).Epoch);
    }

    [Fact]
    public async Task A_directory_that_moved_says_since_when_it_knows()
    {
        await cluster.Cluster.DeactivateAsync(cluster.Directory);
        Assert.False((await cluster.Directory.ListAsync()).IsComplete);
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration - TimeSpan.FromTicks(1));
        Assert.False((await cluster.Directory.ListAsync()).IsComplete);
        cluster.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.True((await cluster.Directory.ListAsync()).IsComplete);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData(null, 1)]
    [InlineData("fine", 0)]
    [InlineData("fine", 65)]
    public async Task Wrong_names_and_counts_are_refused(string? name, int count) =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await cluster.Directory.LeaseAsync(name!, count, cluster.Reference(_edge)));

    [Fact]
    public async Task A_name_of_129_characters_is_refused() => await Assert.ThrowsAsync<ArgumentException>(
        async () => await cluster.Directory.LeaseAsync(new string('x', 129), 1, cluster.Reference(_edge)));
}
