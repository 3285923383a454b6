namespace KadOrleans.Grains;

// A node id's routing table. The upper 32 bits of its versions are the number of the activation. This number is stored before the
// first response that has a version. So every version of this activation is newer than all versions of earlier ones, saved or not. The
// activation itself stores nothing, as a call that is refused causes it too. It saves the table some time after a change, at the end of its
// activation, and before a newer epoch counts.
[Reentrant]
internal sealed class RoutingTableGrain(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IOptions<KadClusterOptions> options,
    ClusterAgreement agreement,
    IRandomSource random,
    ClusterTime time,
    ILogger<RoutingTableGrain> logger) : Grain, IRoutingTableGrain, IRemindable
{
    /// <summary>Refreshes the buckets without a recent lookup (Kademlia §2.3).</summary>
    public const string Refresh = "refresh";

    public const string Walk = "walk";

    public static readonly TimeSpan WalkPeriod = TimeSpan.FromSeconds(300);

    private readonly KadClusterOptions _options = options.Value;

    // Set by the activation, before any call.
    private NodeId _ownId;
    private GrainRecordStorage _storage = null!;
    private EdgeLink _edge = null!;
    private GrainReminder _refreshReminder = null!;
    private GrainReminder _walkReminder = null!;
    private RefreshPolicy _refresh = null!;
    private RoutingTable _table = null!;
    private long _activation;
    private Task? _begun;
    private long _activeSince;

    // The newest lease, and the one that storage has. Older ones are fenced.
    private long _epoch;
    private long _savedEpoch;

    // The time to the next save doubles with each one, as observations never end.
    private readonly BackOff _delays = new(options.Value.SaveDelay, options.Value.SaveInterval);
    private IGrainTimer? _timer;
    private bool _isChanged;
    private string? _etag;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _ownId = NodeId.Parse(this.GetPrimaryKeyString());
        await agreement.Completion.WaitAsync(cancellationToken);
        _edge = new EdgeLink(_ownId, time, logger);
        _refreshReminder = new GrainReminder(this, Refresh, RefreshPolicy.GetCheckPeriod(_options.Kademlia.BucketRefreshInterval), random, time, logger);
        _walkReminder = new GrainReminder(this, Walk, WalkPeriod, random, time, logger);
        _refresh = new RefreshPolicy(_ownId, _options.Kademlia.BucketRefreshInterval);
        _activeSince = time.GetTimestamp();
        _storage = new GrainRecordStorage(storage, this.GetGrainId(), time, Timeout.InfiniteTimeSpan, WriteTarget.Table);
        var (read, etag) = await _storage.ReadAsync<TableState>(StateNames.RoutingTable);
        var table = read ?? new TableState();
        var buckets = TableMapping.ToCore(table.Buckets);
        _savedEpoch = _epoch = table.Epoch;
        _activation = table.Activations + 1;
        _etag = etag;
        _table = RoutingTable.Restore(
            new RoutingTableState(_ownId, _activation << 32, buckets) { Former = TableMapping.ToCore(table.Former) },
            _options.Kademlia,
            new SubnetDiversity(_options.Subnets, AddressRangeSet.Parse(_options.Trust)),
            time.GetUtcNow());
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        TrySaveAsync().WaitAsync(cancellationToken);

    public async ValueTask<TableAnswer> ObserveAsync(long epoch, IReadOnlyList<ContactObservation> observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        await BeginAsync();
        if (epoch != _epoch)
        {
            return new TableAnswer(IsFenced: true, [], [], _table.Version);
        }

        var now = time.GetUtcNow();
        var decisions = observations.Select(observation => _table.Apply(observation, now)).ToList();
        if (observations.Count > 0)
        {
            MarkChanged();
            _edge.Push(_table);
        }

        var answer = new TableAnswer(
            IsFenced: false,
            [.. decisions.SelectMany(one => one.Added)],
            [.. decisions.Select(one => one.Check).OfType<Contact>()],
            _table.Version);
        return observations.Count == 0 ? AddFormer(answer, now) : answer;
    }

    public async ValueTask<RoutingTableSnapshot?> SubscribeForChangesAsync(long epoch, IEdgeDesk edge, long known)
    {
        await SubscribeAsync(epoch, edge);
        return _table.Version == known ? null : _table.Snapshot;
    }

    public async ValueTask UnsubscribeAsync(long epoch)
    {
        if (epoch == _epoch)
        {
            _edge.End();
            await SaveAsync();
        }
    }

    public async ValueTask<RoutingTableSnapshot> GetSnapshotAsync()
    {
        await BeginAsync();
        return _table.Snapshot;
    }

    public ValueTask<IReadOnlyList<BucketSummary>> DescribeAsync() => ValueTask.FromResult(_table.Describe());

    public ValueTask<IReadOnlyList<TableContact>> FindAsync(NodeId id) => ValueTask.FromResult<IReadOnlyList<TableContact>>(
        [.. _table.Find(id).Select(TableContact.Of)]);

    public ValueTask<IReadOnlyList<TableContact>> GetFormerAsync() =>
        ValueTask.FromResult<IReadOnlyList<TableContact>>([.. _table.DescribeFormer().Select(TableContact.Of)]);

    public async ValueTask<bool> DropAsync(NodeId id)
    {
        await BeginAsync();
        var held = _table.Find(id);
        var isFormer = _table.Forget(id);

        // A contact that takes its place gets its values at its next observation.
        foreach (var drop in KnownContact.DropsOf(held))
        {
            _table.Apply(drop, time.GetUtcNow());
        }

        if (held.Count > 0 || isFormer)
        {
            MarkChanged();
            _edge.Push(_table);
        }

        return held.Count > 0 || isFormer;
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
            if (time.GetElapsedTime(_activeSince) >= EdgeLink.Lifetime)
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

    private TableAnswer AddFormer(TableAnswer answer, DateTimeOffset now)
    {
        var news = _table.TakeFormer(now);
        return answer with { Former = news.Due, HasLasting = news.HasLasting, ApartSince = news.ApartSince };
    }

    private async Task SubscribeAsync(long epoch, IEdgeDesk edge)
    {
        ArgumentNullException.ThrowIfNull(edge);

        // Fences all older leases: at once in memory, and durably before the edge hears of it.
        _epoch = Math.Max(_epoch, epoch);
        await BeginAsync();
        if (_savedEpoch != _epoch)
        {
            await WriteAsync();
        }

        if (epoch != _epoch)
        {
            throw new LeaseLostException($"The id {_ownId} is leased under epoch {_epoch}, no longer under {epoch}.");
        }

        _edge.Subscribe(edge, _table.Snapshot);

        // An edge renews its subscription each minute, so a failure is retried soon.
        SetReminders(true);
    }

    private void SetReminders(bool areWanted)
    {
        _refreshReminder.Set(areWanted);
        _walkReminder.Set(areWanted);
    }

    private EdgeWork? FindDue(string reminderName) => _table.Count == 0 ? new RejoinWork(_ownId)
        : reminderName == Walk ? new RandomWalkWork(_ownId)
        : _refresh.GetDueBuckets(_table.Describe(), time.GetUtcNow()) is { Count: > 0 } due ? new RefreshBucketsWork(_ownId, due)
        : null;

    private void MarkChanged()
    {
        _isChanged = true;
        _timer ??= this.RegisterGrainTimer(
            OnTimerAsync, new GrainTimerCreationOptions(_delays.Coming, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    private async Task OnTimerAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        _timer = null;
        if (await TrySaveAsync())
        {
            _delays.Next();
        }
        else if (_isChanged)
        {
            MarkChanged();
        }
    }

    private async Task<bool> TrySaveAsync()
    {
        try
        {
            await SaveAsync();
            return true;
        }
        catch (Exception e)
        {
            logger.TableNotSaved(_ownId.ToString(), e);
            return false;
        }
    }

    private Task SaveAsync() => _isChanged && _begun is not { IsFaulted: true } ? WriteAsync() : Task.CompletedTask;

    // Stores the number of this activation, once. After a failure it may be stored or not, and may be another one's, so the activation ends.
    private Task BeginAsync() => _begun ??= this.OrEndAsync(TryWriteAsync());

    private async Task WriteAsync()
    {
        if (_begun is null)
        {
            await BeginAsync();
            return;
        }

        await _begun;
        try
        {
            await TryWriteAsync();
        }
        catch (StorageConflictException)
        {
            var (stored, etag) = await _storage.ReadAsync<TableState>(StateNames.RoutingTable);
            if (stored?.Activations != _activation)
            {
                // The ETag stays, so this activation overwrites nothing.
                logger.TableSavedElsewhere(_ownId.ToString());
                _isChanged = false;
                DeactivateOnIdle();
                throw;
            }

            // The newer record is this activation's own: a write that seemed to fail.
            _etag = etag;
            await this.OrEndAsync(TryWriteAsync());
        }
    }

    private async Task TryWriteAsync()
    {
        var epoch = _epoch;
        _isChanged = false;
        try
        {
            var saved = _table.Save();
            var table = new TableState
            {
                Activations = _activation,
                Epoch = epoch,
                Buckets = TableMapping.ToStored(saved),
                Former = TableMapping.ToStored(saved.Former),
            };
            _etag = await _storage.WriteAsync(StateNames.RoutingTable, table, _etag);
            _savedEpoch = epoch;
        }
        catch
        {
            _isChanged = true;
            throw;
        }
    }
}
