using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace KadOrleans.Grains;

/// <summary>
/// A node id's routing table. The upper 32 bits of its versions are the number of the activation. This number is stored before the first
/// response. So every version of this activation is newer than all versions of earlier ones, saved or not.
/// </summary>
[Reentrant]
internal sealed class RoutingTableGrain : Grain, IRoutingTableGrain, IRemindable
{
    /// <summary>Lonely buckets are refreshed (Kademlia §2.3).</summary>
    public const string Refresh = "refresh";

    public const string Walk = "walk";

    /// <summary>
    /// The time between two checks for buckets to refresh. Each bucket is due once an hour. With a check an hour, one that comes a moment
    /// too early would cost the bucket another hour.
    /// </summary>
    private static readonly TimeSpan RefreshPeriod = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan WalkPeriod = TimeSpan.FromSeconds(300);

    /// <summary>The timeout of a call that passes a snapshot or work to an edge.</summary>
    private static readonly TimeSpan EdgeTimeout = TimeSpan.FromSeconds(10);

    private readonly KadClusterOptions _options;
    private readonly ClusterAgreement _agreement;
    private readonly TimeProvider _time;
    private readonly TableSaver _saver;
    private readonly EdgeLink _edge;
    private readonly GrainReminder _refreshReminder;
    private readonly GrainReminder _walkReminder;
    private readonly RefreshPolicy _refresh;
    private readonly NodeId _ownId;
    private RoutingTable _table;
    private long _activeSince;

    public RoutingTableGrain(
        [PersistentState(StateNames.RoutingTable, GrainStorageName.Kad)] IPersistentState<TableState> state,
        IOptions<KadClusterOptions> options,
        StateVersion version,
        ClusterAgreement agreement,
        IRandomSource random,
        ClusterTime time,
        ILogger<RoutingTableGrain> logger)
    {
        var key = this.GetPrimaryKeyString();
        if (!NodeId.TryParse(key, out _ownId) || _ownId.ToString() != key)
        {
            throw new ArgumentException($"'{key}' is not the key of a routing table: 40 lower-case hexadecimal digits are needed.");
        }

        _options = options.Value;
        _agreement = agreement;
        _time = time;
        _saver = new TableSaver(this, state, version, _options, time, logger);
        _edge = new EdgeLink(_ownId, time, EdgeTimeout, logger);
        _refreshReminder = new GrainReminder(this, Refresh, RefreshPeriod, random, time, logger);
        _walkReminder = new GrainReminder(this, Walk, WalkPeriod, random, time, logger);
        _refresh = new RefreshPolicy(_ownId, _options.Kademlia.BucketRefreshInterval);
        _table = Restore(new RoutingTableState(_ownId, 0, []));
    }

    public RoutingTableState Save() => _table.Save();

    /// <summary>Ends this activation, as another one owns the table.</summary>
    public void End() => DeactivateOnIdle();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _agreement.Completion.WaitAsync(cancellationToken);
        _activeSince = _time.GetTimestamp();
        var activation = await _saver.BeginAsync();
        _table = Restore(new RoutingTableState(_ownId, activation << 32, _saver.SavedBuckets));
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _saver.EndAsync().WaitAsync(cancellationToken);

    public ValueTask<TableAnswer> ObserveAsync(long epoch, IReadOnlyList<ContactObservation> observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        if (epoch != _saver.Epoch)
        {
            return ValueTask.FromResult(new TableAnswer { IsFenced = true, Version = _table.Version });
        }

        var now = _time.GetUtcNow();
        var decisions = observations.Select(observation => _table.Apply(observation, now)).ToList();
        if (observations.Count > 0)
        {
            _saver.MarkChanged();
            _edge.Push(_table);
        }

        return ValueTask.FromResult(new TableAnswer
        {
            Added = [.. decisions.SelectMany(one => one.Added is { } added ? [added, .. one.AlsoAdded] : one.AlsoAdded)],
            Checks = [.. decisions.Select(one => one.Check).OfType<Contact>()],
            Version = _table.Version,
        });
    }

    public async ValueTask<RoutingTableSnapshot> SubscribeAsync(long epoch, IEdgeObserver edge)
    {
        await SubscribeAsync(epoch, edge, takesChanges: false);
        return _table.Snapshot;
    }

    public async ValueTask<RoutingTableSnapshot?> SubscribeForChangesAsync(long epoch, IEdgeObserver edge, long known)
    {
        await SubscribeAsync(epoch, edge, takesChanges: true);
        return _table.Version == known ? null : _table.Snapshot;
    }

    public async ValueTask UnsubscribeAsync(long epoch)
    {
        if (epoch == _saver.Epoch)
        {
            _edge.End();
            await _saver.SaveAsync();
        }
    }

    public ValueTask<RoutingTableSnapshot> GetSnapshotAsync() => ValueTask.FromResult(_table.Snapshot);

    public ValueTask<IReadOnlyList<BucketSummary>> DescribeAsync() => ValueTask.FromResult(_table.Describe());

    public ValueTask<IReadOnlyList<TableContact>> FindAsync(NodeId id) => ValueTask.FromResult<IReadOnlyList<TableContact>>(
        [.. _table.Find(id).Select(known => new TableContact(known.Contact, known.IsReplacement, known.FirstSeen, known.LastSeen, known.Failures))]);

    public ValueTask<bool> DropAsync(NodeId id)
    {
        var held = _table.Find(id);

        // A contact that takes its place is handed values when it is heard of next.
        foreach (var drop in KnownContact.DropsOf(held))
        {
            _table.Apply(drop, _time.GetUtcNow());
        }

        if (held.Count > 0)
        {
            _saver.MarkChanged();
            _edge.Push(_table);
        }

        return ValueTask.FromResult(held.Count > 0);
    }

    public async ValueTask<bool> RunAsync(bool isWalk) => await _edge.HandAsync(isWalk
        ? new RandomWalkWork(_ownId)
        : new RefreshBucketsWork(_ownId, [.. _table.Describe().Select(bucket => bucket.Range)]));

    /// <summary>Decides what is due, and passes it to the edge without waiting.</summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        var reminder = reminderName == Walk ? _walkReminder : _refreshReminder;
        reminder.Ticked(status);
        if (!_edge.IsLive)
        {
            // Edges renew each minute, so an id without a subscription for this long is not served.
            if (_time.GetElapsedTime(_activeSince) >= EdgeLink.Lifetime)
            {
                SetReminders(false);
            }
        }
        else if (reminder.IsNew() && FindDue(reminderName) is { } work)
        {
            _ = _edge.HandAsync(work);
        }

        return Task.CompletedTask;
    }

    private async Task SubscribeAsync(long epoch, IEdgeObserver edge, bool takesChanges)
    {
        ArgumentNullException.ThrowIfNull(edge);
        await _saver.RaiseEpochAsync(epoch);
        if (epoch != _saver.Epoch)
        {
            throw new LeaseLostException($"The id {_ownId} is leased under epoch {_saver.Epoch}, no longer under {epoch}.");
        }

        _edge.Subscribe(edge, _table.Snapshot, takesChanges);

        // An edge renews its subscription each minute, so a failure is retried soon.
        SetReminders(true);
    }

    private void SetReminders(bool areWanted)
    {
        _refreshReminder.Set(areWanted);
        _walkReminder.Set(areWanted);
    }

    private EdgeWork? FindDue(string reminderName)
    {
        if (_table.Count == 0)
        {
            return new RejoinWork(_ownId);
        }

        if (reminderName == Walk)
        {
            return new RandomWalkWork(_ownId);
        }

        var due = _refresh.GetDueBuckets(_table.Describe(), _time.GetUtcNow());
        return due.Count == 0 ? null : new RefreshBucketsWork(_ownId, due);
    }

    private RoutingTable Restore(RoutingTableState saved) => RoutingTable.Restore(
        saved,
        _options.Kademlia,
        new SubnetDiversity(_options.Subnets, AddressRangeSet.Parse(_options.Trust)),
        _time.GetUtcNow());

}
