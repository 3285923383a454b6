namespace KadOrleans.Cluster.Tests.Edges;

[Collection(OneShard.Name)]
public sealed class ClusterRoutingTableTests(OneShardCluster cluster) : IAsyncDisposable
{
    private const string Observe = nameof(IRoutingTableGrain.ObserveAsync);

    private readonly ClusterRoutingTableHost _host = new(cluster);
    private readonly ListenerLog _log = new();
    private readonly NodeId _ownId = NodeId.FromKey(Guid.NewGuid().ToString());

    public async ValueTask DisposeAsync()
    {
        cluster.Gate.Open();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task While_silos_are_away_it_answers_from_its_last_snapshot_and_tells_them_later()
    {
        var table = await _host.OpenAsync(_ownId, _log, epoch: 1);
        table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Count == 1);

        var before = cluster.Gate.Count<IRoutingTableGrain>(Observe);
        cluster.Gate.Set<IRoutingTableGrain>(Observe, () => throw new SiloUnavailableException("Away."));
        table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.IsTrueAsync(() => cluster.Gate.Count<IRoutingTableGrain>(Observe) >= before + 2);
        Assert.Equal([Contact(1)], table.Snapshot.Contacts);

        cluster.Gate.Open();
        await Eventually.IsTrueAsync(() => table.Snapshot.Contacts.Contains(Contact(2)));
        Assert.Equal(0, table.Dropped);
        Assert.False(table.IsFenced);
    }

    [Fact]
    public async Task A_thousand_observations_travel_in_a_few_calls()
    {
        var table = await _host.OpenAsync(_ownId, _log, epoch: 1);
        for (var i = 0; i < 1_000; i++)
        {
            table.Observe(ContactObservation.Answered(Contact(i)));
        }

        await Eventually.IsTrueAsync(() => table.Totals()["table.observations"] == 1_000);
        Assert.InRange(table.Totals()["table.calls"], 4, 8);
    }

    [Fact]
    public async Task A_newer_lease_fences_the_older_holder_once_and_for_good()
    {
        var older = await _host.OpenAsync(_ownId, _log, epoch: 1);
        var fenced = 0;
        older.Fenced += (_, _) => Interlocked.Increment(ref fenced);
        var newer = await _host.OpenAsync(_ownId, new ListenerLog(), epoch: 2);

        older.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => older.IsFenced);
        var calls = older.Totals()["table.calls"];
        older.Observe(ContactObservation.Answered(Contact(2)));
        newer.Observe(ContactObservation.Answered(Contact(3)));
        await Eventually.IsTrueAsync(() => newer.Snapshot.Count == 1);

        Assert.Equal([Contact(3)], newer.Snapshot.Contacts);
        var reference = cluster.Reference(ClusterRoutingTableHost.EdgeOf(older));
        await Assert.ThrowsAsync<LeaseLostException>(async () => await older.SubscribeAsync(reference));
        Assert.Equal((1, calls), (fenced, older.Totals()["table.calls"]));
        var late = CreateTable(epoch: 1);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await late.SubscribeAsync(reference));
        Assert.True(late.IsFenced);
        Assert.Empty(_log.Added);
    }

    [Fact]
    public async Task What_the_table_refuses_is_given_up_and_counted_and_the_next_gets_through()
    {
        var table = await _host.OpenAsync(_ownId, _log, epoch: 1);
        cluster.Gate.Set<IRoutingTableGrain>(Observe, () => throw new ArgumentException("Nonsense."));
        table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => table.Dropped == 1);
        Assert.Equal(1, table.Totals()["table.observations.dropped"]);

        cluster.Gate.Open();
        table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Count == 1);
        Assert.Equal([Contact(2)], table.Snapshot.Contacts);
    }

    [Fact]
    public async Task A_snapshot_whose_push_was_lost_is_asked_for_though_nothing_more_is_observed()
    {
        using var stopping = new CancellationTokenSource();
        var (table, loop) = await OpenDeafAsync(TimeSpan.FromMilliseconds(50), stopping.Token);

        // The first try to ask fails, as well.
        var asked = 0;
        cluster.Gate.Set<IRoutingTableGrain>(
            nameof(IRoutingTableGrain.GetSnapshotAsync),
            () => Interlocked.Increment(ref asked) == 1 ? throw new SiloUnavailableException("Away.") : Task.CompletedTask);
        table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Contacts.Contains(Contact(1)));

        await stopping.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task Whoever_is_told_of_an_added_contact_finds_it_in_the_snapshot()
    {
        using var stopping = new CancellationTokenSource();
        var (table, loop) = await OpenDeafAsync(TimeSpan.FromMilliseconds(50), stopping.Token);
        var told = new ConcurrentQueue<(Contact Contact, bool IsThere)>();
        table.ContactAdded += added => told.Enqueue((added, table.Snapshot.Contains(added)));

        Contact[] contacts = [Contact(1), Contact(2), Contact(3)];
        Assert.All(contacts, contact => table.Observe(ContactObservation.Answered(contact)));
        await Eventually.IsTrueAsync(() => told.Count == contacts.Length);
        Assert.Equal(contacts.Select(contact => (contact, true)), told);

        await stopping.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task A_contact_is_told_though_the_answer_that_added_it_was_lost()
    {
        using var stopping = new CancellationTokenSource();
        var (table, loop) = await OpenDeafAsync(TimeSpan.Zero, stopping.Token);
        _log.Follow(table);
        var answers = 0;
        cluster.Gate.Lose = call => call.InterfaceMethod.Name == Observe && Interlocked.Increment(ref answers) == 1;

        // The table has the first one's id by then, so it does not take the second.
        table.Observe(ContactObservation.Answered(Contact(1)));
        table.Observe(ContactObservation.Answered(Contact(1) with { Endpoint = Contact(2).Endpoint }));
        await Eventually.IsTrueAsync(() => _log.Added.Count > 0);
        table.Observe(ContactObservation.Answered(Contact(3)));
        await Eventually.IsTrueAsync(() => _log.Added.Contains(Contact(3)));
        Assert.Equal([Contact(1), Contact(3)], _log.Added);

        await stopping.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_holds_up_no_end()
    {
        using var stopping = new CancellationTokenSource();
        var (asked, never) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        cluster.Gate.Set<IRoutingTableGrain>(
            nameof(IRoutingTableGrain.GetSnapshotAsync),
            () =>
            {
                asked.TrySetResult();
                return never.Task;
            });
        var (table, loop) = await OpenDeafAsync(TimeSpan.Zero, stopping.Token);
        table.Observe(ContactObservation.Answered(Contact(1)));
        await asked.Task;

        await stopping.CancelAsync();
        var ended = await Task.WhenAny(loop, Task.Delay(TimeSpan.FromSeconds(10)));
        never.SetResult();
        Assert.Same(loop, ended);
        await loop;
    }

    [Fact]
    public async Task Nothing_is_told_before_the_first_subscription()
    {
        var before = cluster.Gate.Count<IRoutingTableGrain>(Observe);
        var table = CreateTable(epoch: 1);
        using var stopping = new CancellationTokenSource();
        var loop = table.RunAsync(stopping.Token);
        table.Observe(ContactObservation.Answered(Contact(1)));

        await stopping.CancelAsync();
        await loop;
        Assert.Equal(before, cluster.Gate.Count<IRoutingTableGrain>(Observe));
        Assert.False(table.IsFenced);
    }

    [Fact]
    public void Pushes_that_are_older_or_of_another_id_are_ignored()
    {
        var table = CreateTable(epoch: 1);
        var second = new RoutingTableSnapshot(_ownId, 2, [Contact(1)]);

        Assert.True(table.Update(second));
        Assert.False(table.Update(new RoutingTableSnapshot(_ownId, 1, [])));
        Assert.False(table.Update(new RoutingTableSnapshot(_ownId, 2, [])));
        Assert.False(table.Update(new RoutingTableSnapshot(StoredValues.Key(1), 3, [])));
        Assert.Same(second, table.Snapshot);
        Assert.True(table.Update(new RoutingTableSnapshot(_ownId, 3, [])));
    }

    private static Contact Contact(int number) =>
        new(StoredValues.Key(number), UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)number << 8), 4000));

    private ClusterRoutingTable CreateTable(long epoch, TimeSpan? pushTimeout = null) => new(
        cluster.Client, _ownId, epoch, TimeProvider.System, NullLogger<ClusterRoutingTable>.Instance, pushTimeout: pushTimeout);

    private async Task<(ClusterRoutingTable Table, Task Loop)> OpenDeafAsync(TimeSpan pushTimeout, CancellationToken stop)
    {
        var table = CreateTable(epoch: 1, pushTimeout);
        await table.SubscribeAsync(cluster.Reference(ClusterRoutingTableHost.EdgeOf(CreateTable(epoch: 1))));
        return (table, table.RunAsync(stop));
    }
}

[Collection(OneShard.Name)]
public sealed class ClusterRoutingTableContractTests(OneShardCluster cluster) : RoutingTableContract
{
    protected override RoutingTableHost CreateHost() => new ClusterRoutingTableHost(cluster);
}

/// <summary>Tables of a shared cluster, each subscribed by an edge of its own under its first epoch.</summary>
internal sealed class ClusterRoutingTableHost(TestCluster cluster) : RoutingTableHost
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private readonly List<(ClusterRoutingTable Table, IEdgeDesk Reference)> _edges = [];

    /// <summary>An edge that takes snapshots for one table and no work.</summary>
    public static IEdgeDesk EdgeOf(ClusterRoutingTable table) => new TableDesk(table) { TakesWork = false };

    internal override async ValueTask<IRoutingTable> OpenAsync(NodeId ownId, ListenerLog log) => await OpenAsync(ownId, log, epoch: 1);

    public async Task<ClusterRoutingTable> OpenAsync(NodeId ownId, ListenerLog log, long epoch)
    {
        var table = new ClusterRoutingTable(cluster.Client, ownId, epoch, TimeProvider.System, NullLogger<ClusterRoutingTable>.Instance);
        log.Follow(table);
        var reference = cluster.Reference(EdgeOf(table));
        _edges.Add((table, reference));
        await table.SubscribeAsync(reference);
        _loops.Add(table.RunAsync(_stopping.Token));
        return table;
    }

    /// <summary>Subscriptions last for minutes, so they are renewed, as an edge does.</summary>
    public override async ValueTask AdvanceAsync(TimeSpan by)
    {
        cluster.Clock.Advance(by);
        foreach (var (table, reference) in _edges)
        {
            await table.SubscribeAsync(reference);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops);
        _stopping.Dispose();
        await base.DisposeAsync();
    }
}
