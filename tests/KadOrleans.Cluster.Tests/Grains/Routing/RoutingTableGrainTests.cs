namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class RoutingTableGrainTests(ClusterFixture cluster) : IDisposable
{
    private readonly TestEdge _edge = new();

    public void Dispose() => cluster.Rows.Heal();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_table_goes_as_differences_and_whole_to_an_edge_that_has_another(bool takesChanges)
    {
        _edge.TakesChanges = takesChanges;
        var table = cluster.Table(Samples.Key(takesChanges ? (byte)61 : (byte)62));
        var reference = cluster.Reference(_edge);
        await table.SubscribeForChangesAsync(1, reference, known: 0);
        await table.ObserveAsync(1, [.. Enumerable.Range(0, 200).Select(Answered)]);
        var whole = await table.SubscribeForChangesAsync(1, reference, known: 0);
        Assert.InRange(whole!.Count, SnapshotChange.MinContacts, 200);
        Assert.Null(await table.SubscribeForChangesAsync(1, reference, whole.Version));

        // Those that came while an earlier push was on its way share the change.
        var observed = 200;
        for (; _edge.Changes.IsEmpty; observed++)
        {
            await table.ObserveAsync(1, [Answered(observed)]);
            await table.GetSnapshotAsync();
        }

        var change = _edge.Changes.First();
        Assert.Equal(whole.Version, change.From);
        if (takesChanges)
        {
            Assert.InRange(change.ApplyTo(whole)!.Count, whole.Count, observed);
            Assert.DoesNotContain(_edge.Snapshots, snapshot => snapshot.Version > whole.Version);
        }
        else
        {
            await cluster.UntilAsync(() => _edge.Snapshots.Any(snapshot => snapshot.Version >= change.To));
        }
    }

    [Fact]
    public async Task Snapshots_do_not_pile_up_at_an_edge_that_takes_none()
    {
        var gate = new TaskCompletionSource();
        _edge.OnSnapshot = () => gate.Task;
        var table = await SubscribeAsync(2);
        long version = 0;
        for (var i = 0; i < 50; i++)
        {
            version = (await table.ObserveAsync(1, [Answered(i)])).Version;
        }

        await cluster.UntilAsync(() => !_edge.Snapshots.IsEmpty);
        Assert.Single(_edge.Snapshots);
        gate.SetResult();
        await cluster.UntilAsync(() => _edge.Snapshots.Last().Version == version);
        Assert.InRange(_edge.Snapshots.Count, 2, 3);
    }

    [Fact]
    public async Task An_edge_that_takes_no_snapshot_three_times_is_sent_no_more_until_it_subscribes_again()
    {
        _edge.OnSnapshot = () => throw new InvalidOperationException("gone");
        var table = await SubscribeAsync(3);
        for (var i = 0; i < 3; i++)
        {
            // Each change is pushed once; the failure ends that push before the next change comes.
            await table.ObserveAsync(1, [Answered(i)]);
            await cluster.UntilAsync(() => _edge.Snapshots.Count == i + 1);
            await table.GetSnapshotAsync();
        }

        _edge.OnSnapshot = () => Task.CompletedTask;
        await SubscribeAsync(3);
        var version = (await table.ObserveAsync(1, [Answered(9)])).Version;
        await cluster.UntilAsync(() => _edge.Snapshots.Last().Version == version);
    }

    [Fact]
    public async Task An_older_epoch_is_fenced_also_by_the_next_activation()
    {
        var table = cluster.Table(Samples.Key(4));
        await table.SubscribeAsync(5, cluster.Reference(_edge));
        await table.SubscribeAsync(6, cluster.Reference(_edge));
        Assert.True((await table.ObserveAsync(5, [Answered(1)])).IsFenced);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await table.SubscribeAsync(5, cluster.Reference(_edge)));
        await cluster.Cluster.DeactivateAsync(table);

        await Assert.ThrowsAsync<LeaseLostException>(async () => await table.SubscribeAsync(5, cluster.Reference(_edge)));
        Assert.True((await table.ObserveAsync(5, [Answered(1)])).IsFenced);
        Assert.Equal(0, (await table.GetSnapshotAsync()).Count);
        Assert.False((await table.ObserveAsync(6, [Answered(1)])).IsFenced);
    }

    [Fact]
    public async Task A_changed_table_is_saved_within_ten_seconds_and_comes_back_newer()
    {
        var table = await SubscribeAsync(5);
        var writes = cluster.Rows.Writes[table.GetGrainId()];
        var answer = await table.ObserveAsync(1, [Answered(1), Answered(2), Answered(3)]);
        Assert.Equal(writes, cluster.Rows.Writes[table.GetGrainId()]);
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));
        await cluster.UntilAsync(() => cluster.Rows.Writes[table.GetGrainId()] == writes + 1);
        Assert.Equal(3, Stored(table).Buckets.Sum(bucket => bucket.Contacts.Count));

        // What is observed now is not saved: the deactivation's write fails.
        var unsaved = await table.ObserveAsync(1, [Answered(4)]);
        cluster.Rows.BeforeWrite = (_, _) => throw new TimeoutException("storage is away");
        await cluster.Cluster.DeactivateAsync(table);
        cluster.Rows.Heal();
        var snapshot = await table.GetSnapshotAsync();
        Assert.Equal(3, snapshot.Count);
        Assert.True(snapshot.Version > unsaved.Version && unsaved.Version > answer.Version);
    }

    [Fact]
    public async Task No_contact_is_dropped_by_an_activation_that_could_not_store_its_number()
    {
        var table = await SubscribeAsync(66);
        await table.ObserveAsync(1, [Answered(1)]);
        await cluster.Cluster.DeactivateAsync(table);
        cluster.Rows.BeforeWrite = (_, _) => throw new TimeoutException("storage is away");
        await Assert.ThrowsAnyAsync<Exception>(() => table.DropAsync(Contact(1).Id).AsTask());
        cluster.Rows.Heal();
        await cluster.UntilAsync(async () => await table.DropAsync(Contact(1).Id));
    }

    [Fact]
    public async Task A_table_is_saved_when_its_edge_leaves()
    {
        var table = await SubscribeAsync(6);
        await table.ObserveAsync(1, [Answered(1)]);
        await table.UnsubscribeAsync(1);
        Assert.Equal(1, Stored(table).Buckets.Sum(bucket => bucket.Contacts.Count));
    }

    [Fact]
    public async Task The_next_activation_begins_when_a_save_of_the_last_one_has_ended()
    {
        var table = await SubscribeAsync(65);
        await table.ObserveAsync(1, [Answered(1)]);
        var (gate, isHeld) = (new TaskCompletionSource(), 0);
        cluster.Rows.BeforeWrite = (_, grain) =>
            grain == table.GetGrainId() && Interlocked.Exchange(ref isHeld, 1) == 0 ? gate.Task : Task.CompletedTask;
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));
        await cluster.UntilAsync(() => Volatile.Read(ref isHeld) == 1);

        var ending = cluster.Cluster.DeactivateAsync(table);
        var next = table.GetSnapshotAsync().AsTask();
        for (var calls = 0; calls < 500 && !next.IsCompleted; calls++)
        {
            await cluster.Directory.GetLiveAsync();
        }

        gate.SetResult();
        Assert.Equal(1, (await next).Count);
        await ending;
    }

    [Fact]
    public async Task A_save_that_failed_is_tried_again_even_if_it_was_done()
    {
        var table = await SubscribeAsync(7);
        cluster.Rows.AfterWrite = (_, grain) => grain == table.GetGrainId() ? throw new TimeoutException("unclear") : Task.CompletedTask;
        await table.ObserveAsync(1, [Answered(1)]);
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));
        await cluster.UntilAsync(() => Stored(table).Buckets.Sum(bucket => bucket.Contacts.Count) == 1);
        cluster.Rows.Heal();
        await table.ObserveAsync(1, [Answered(2)]);
        await cluster.AdvanceUntilAsync(
            TimeSpan.FromSeconds(2), () => Task.FromResult(Stored(table).Buckets.Sum(bucket => bucket.Contacts.Count) == 2));
    }

    [Fact]
    public async Task An_activation_that_another_has_followed_writes_nothing_over_it_when_it_ends()
    {
        var table = await SubscribeAsync(30);
        await table.ObserveAsync(1, [Answered(1)]);

        // A silo that took the other one for dead activated the table too.
        var newer = Stored(table).Activations + 1;
        cluster.Rows.Force(StateNames.RoutingTable, table, new TableState { Activations = newer, Epoch = 2 });
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));

        await cluster.UntilAsync(async () => (await table.GetSnapshotAsync()).Version >> 32 != newer - 1);
        Assert.Equal(newer + 1, (await table.GetSnapshotAsync()).Version >> 32);
        Assert.Equal(2, Stored(table).Epoch);
    }

    [Fact]
    public async Task Reminders_hand_work_to_the_edge()
    {
        var id = Samples.Key(8);
        var table = cluster.Table(id);
        var reference = cluster.Reference(_edge);
        await table.SubscribeAsync(1, reference);
        await AdvanceAsync(table, reference, () => _edge.Work.OfType<RejoinWork>().Any());

        await table.ObserveAsync(1, [Answered(1)]);
        await AdvanceAsync(table, reference, () => _edge.Work.OfType<RandomWalkWork>().Any(work => work.NodeId == id));
        await AdvanceAsync(table, reference, () => _edge.Work.OfType<RefreshBucketsWork>().Any());
        Assert.Equal([BucketRange.Whole], _edge.Work.OfType<RefreshBucketsWork>().First().Buckets);
    }

    [Fact]
    public async Task A_key_that_is_no_id_is_refused()
    {
        foreach (var key in new[] { "no id", Samples.Key(1).ToString().ToUpperInvariant() })
        {
            var table = cluster.Client.GetGrain<IRoutingTableGrain>(key);
            var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await table.GetSnapshotAsync());
            Assert.Contains("its kind has no such key", refusal.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_table_survives_its_stored_form() => Randomized.ForSeeds(50, random =>
    {
        var table = new RoutingTable(random.NextId(), new KademliaOptions { BucketSize = 4 }, new SubnetDiversity(), Samples.Now);
        for (var i = 0; i < 60; i++)
        {
            table.Apply(ContactObservation.Answered(random.NextContact()), Samples.Now.AddSeconds(i));
        }

        var saved = table.Save();
        Deep.Equal(saved.Buckets, TableMapping.ToCore(TableMapping.ToStored(saved)));
    });

    [Fact]
    public async Task Contacts_that_were_lost_are_kept_with_the_table_and_named_to_an_edge_that_observed_nothing()
    {
        var table = await SubscribeAsync(63);
        await table.ObserveAsync(1, [Answered(1), Answered(2)]);
        Assert.Null((await table.ObserveAsync(1, [Failed(1)])).Former);
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));
        await table.ObserveAsync(1, [Failed(1)]);
        Assert.Equal([Contact(2)], (await table.GetSnapshotAsync()).Contacts);
        var known = await table.ObserveAsync(1, []);
        Assert.Equal((0, false), (known.Former!.Count, known.HasLasting));
        Assert.Equal((Contact(1), true), Assert.Single(await table.GetFormerAsync()) is var lost ? (lost.Contact, lost.IsFormer) : default);
        Assert.Equal([true], (await table.FindAsync(Contact(1).Id)).Select(found => found.IsFormer));

        await cluster.Cluster.DeactivateAsync(table);
        cluster.Clock.Advance(FormerContacts.ShortestPause);
        await table.SubscribeAsync(1, cluster.Reference(_edge));
        cluster.Clock.Advance(FormerContacts.ShortestPause);
        var due = await table.ObserveAsync(1, []);
        Assert.Equal([Contact(1)], due.Former);
        Assert.Null(due.ApartSince);

        await table.ObserveAsync(1, [Answered(1)]);
        var back = await table.ObserveAsync(1, []);
        Assert.Empty(await table.GetFormerAsync());
        Assert.NotNull(back.ApartSince);
        Assert.True((await table.ObserveAsync(9, [])).IsFenced);

        // It answers for minutes, and is lost. An operator may drop it.
        cluster.Clock.Advance(FormerContacts.LastingLife);
        await table.ObserveAsync(1, [Answered(1)]);
        await table.ObserveAsync(1, [Failed(1)]);
        cluster.Clock.Advance(TimeSpan.FromSeconds(10));
        await table.ObserveAsync(1, [Failed(1)]);
        Assert.True((await table.ObserveAsync(1, [])).HasLasting);
        Assert.True(await table.DropAsync(Contact(1).Id));
        Assert.False(await table.DropAsync(Contact(1).Id));
        Assert.False((await table.ObserveAsync(1, [])).HasLasting);

        static ContactObservation Failed(int number) => ContactObservation.Failed(Contact(number));
    }

    private async Task<IRoutingTableGrain> SubscribeAsync(int number)
    {
        var table = cluster.Table(Samples.Key(number));
        await table.SubscribeAsync(1, cluster.Reference(_edge));
        return table;
    }

    private static Contact Contact(int number) => new(Samples.Key(1000 + number), UdpEndpoint.FromIPv4(0x7F000001, (ushort)(1000 + number)));

    private static ContactObservation Answered(int number) => ContactObservation.Answered(Contact(number));

    private TableState Stored(IRoutingTableGrain table)
    {
        Assert.True(cluster.Rows.TryRead(StateNames.RoutingTable, table.GetGrainId(), out var row));
        return ClusterFixture.Serializer.Deserialize<TableState>(row.Content!)!;
    }

    /// <summary>Lets time pass for an edge that renews its subscription as it should.</summary>
    private Task AdvanceAsync(IRoutingTableGrain table, IEdgeDesk reference, Func<bool> isSo) => cluster.AdvanceUntilAsync(
        TimeSpan.FromSeconds(20),
        async () =>
        {
            await table.SubscribeAsync(1, reference);
            return isSo();
        });
}
