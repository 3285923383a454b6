namespace KadOrleans.Edge;

/// <summary>Asks a silo for news of shards, by the key of a stateless worker. Different keys may lead to different silos.</summary>
internal delegate Task<IReadOnlyList<ShardNews>> AskForNews(long worker, IReadOnlyList<ShardPoint> known);

// Reads the news of the shards that an edge asks for keys: four times within GrainKeyStoreOptions.MaxStaleness, up to
// MaxShards with one call. If a silo does not respond, another is asked. Without news the views become too old to be used.
internal sealed class ShardNewsReader(GrainKeyStoreOptions options, TimeProvider time, AskForNews ask, Action<NodeId> changed) : IAsyncDisposable
{
    private const int MaxShards = 1_024;

    /// <summary>How long a shard is read after the last request for one of its keys.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    /// <summary>How long a shard is not read after its filter found no room, or its news could not be read.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause while no silo responds, or none knows the call.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly TimeSpan _interval = options.MaxStaleness / 4;
    private readonly CancellationTokenSource _ending = new();

    // Guards the views.
    private readonly Lock _gate = new();
    private readonly List<ShardView> _views = [];
    private Task _loop = Task.CompletedTask;
    private int _disposed;

    // Guards the fields below: one read at a time.
    private readonly SemaphoreSlim _reading = new(1);
    private long _bytes;
    private long _worker;
    private bool _isDeskChanged;

    // Replaced as a whole when a desk comes or goes.
    private volatile HashSet<GrainId> _desks = [];

    public IReadOnlySet<GrainId> Desks => _desks;

    /// <summary>Reads again and again from now on. Without shards it makes no calls.</summary>
    public void Begin() => _loop = Task.Run(RunAsync);

    public void Add(ShardView view)
    {
        lock (_gate)
        {
            _views.Add(view);
        }
    }

    /// <summary>Reads once. Returns false if no silo responded.</summary>
    public async Task<bool> ReadAsync()
    {
        await _reading.WaitAsync();
        try
        {
            return await ReadWantedAsync();
        }
        finally
        {
            _reading.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _ending.CancelAsync();
            await _loop;
            _ending.Dispose();
            _reading.Dispose();
        }
    }

    private async Task<bool> ReadWantedAsync()
    {
        // The longest unread first: a response may not have room for all.
        var wanted = Wanted().OrderBy(view => view.State?.ConfirmedAt ?? long.MinValue).ToList();
        UpdateDesks();
        foreach (var some in wanted.Chunk(MaxShards))
        {
            var now = time.GetTimestamp();
            var all = await AskAsync([.. some.Select(PointOf)]);
            Record(some, all ?? [], now);
            if (all is null)
            {
                return false;
            }
        }

        return true;
    }

    private void Record(IReadOnlyList<ShardView> some, IReadOnlyList<ShardNews> all, long askedAt)
    {
        // A response with filters may have had no room for all shards.
        var isWhole = !all.Any(news => news.Filter is not null);
        var byShard = all.ToLookup(news => news.Shard);
        foreach (var view in some)
        {
            var before = view.State?.ConfirmedAt;
            foreach (var news in byShard[view.Shard])
            {
                TryRecord(view, news, askedAt - (long)(news.Age.TotalSeconds * time.TimestampFrequency) - 1);
            }

            // The silo has not heard of the shard since the last news.
            if (view.State?.ConfirmedAt == before && (isWhole || byShard.Contains(view.Shard)))
            {
                view.RecordUnanswered(askedAt);
            }
        }

        UpdateDesks();
    }

    private async Task RunAsync()
    {
        var failures = new BackOff(_interval, LongestPause);
        while (!_ending.IsCancellationRequested)
        {
            var isRead = await ReadAsync();
            failures = isRead ? new BackOff(_interval, LongestPause) : failures;
            await ((Task)Task.Delay(isRead ? _interval : failures.Next(), time, _ending.Token))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private List<ShardView> Wanted()
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            foreach (var view in _views)
            {
                view.UsedAt = view.TakeUse() ? now : view.UsedAt;
                if (view.UsedAt is { } usedAt && time.GetElapsedTime(usedAt, now) >= KeepFor)
                {
                    Forget(view);
                    view.UsedAt = null;
                }
            }

            return _views.FindAll(view => view.UsedAt is not null
                && !(view.FullAt is { } fullAt && time.GetElapsedTime(fullAt, now) < FullFor));
        }
    }

    private static ShardPoint PointOf(ShardView view) => new(view.Shard, view.State?.Generation ?? 0, view.State?.Version ?? 0);

    /// <summary>Asks a silo, and another one if it does not respond in time.</summary>
    private async Task<IReadOnlyList<ShardNews>?> AskAsync(IReadOnlyList<ShardPoint> known)
    {
        foreach (var timeout in new[] { options.HedgeAfter, options.MaxStaleness / 2 })
        {
            try
            {
                var asked = ask(_worker, known);
                GrainCalls.Ignore(asked);
                return await asked.WaitAsync(timeout, time, _ending.Token);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Gets go to the shards meanwhile. If they fail too, the log says why.
                _worker++;
            }
        }

        return null;
    }

    // After news that finds no room, or cannot be read, only its shard has no view for a while. The loop goes on.
    private void TryRecord(ShardView view, ShardNews news, long confirmedAt)
    {
        try
        {
            if (news.Filter is not { } filter || _bytes - view.Bytes + filter.Length <= options.MaxFilterBytes)
            {
                Record(view, news, confirmedAt);
                return;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The view is forgotten below, whatever ended its reading.
        }

        Forget(view);
        view.FullAt = time.GetTimestamp();
    }

    private void Record(ShardView view, ShardNews news, long confirmedAt)
    {
        Move(view, options.IsInSilo ? AddressOf(news) : news.Desk);
        view.Record(news, confirmedAt, changed);
        var bytes = view.State?.Filter.Bytes ?? 0;
        _bytes += bytes - view.Bytes;
        view.Bytes = bytes;
    }

    // Within a silo a desk is addressed by its silo, where clients address its gateway.
    private static GrainId? AddressOf(ShardNews news) =>
        news is { Silo: { } silo, Desk: { } desk } && SystemTargetGrainId.TryParse(desk, out var id) ? id.WithSiloAddress(silo).GrainId : null;

    private void Move(ShardView view, GrainId? desk)
    {
        if (view.Desk != desk)
        {
            view.Desk = desk;
            _isDeskChanged = true;
        }
    }

    private void UpdateDesks()
    {
        if (_isDeskChanged)
        {
            lock (_gate)
            {
                _desks = [.. _views.Select(view => view.Desk).OfType<GrainId>()];
            }

            _isDeskChanged = false;
        }
    }

    private void Forget(ShardView view)
    {
        view.Forget();
        Move(view, null);
        _bytes -= view.Bytes;
        view.Bytes = 0;
    }
}

// What an edge knows of the keys of a shard. Times are timestamps of the edge's clock. Readers take State once. A filter
// is complete only if it was confirmed after trustedFrom.
internal sealed class ShardView(long shard, long trustedFrom = long.MinValue)
{
    private static long _epochs;

    // Guards changes of the fields below.
    private readonly Lock _gate = new();
    private volatile ShardState? _state;

    // Boxed, so that reads and writes are atomic.
    private volatile object? _desk;
    private long _lastPut = trustedFrom;
    private bool _isUsed;

    // Written by any thread. A race between two calls is harmless: it is as if they had come in the other order.
    private long _answeredAt = long.MinValue;
    private long _unansweredAt = long.MinValue;

    public long Shard => shard;

    public ShardState? State => _state;

    /// <summary>When it was used last. Null if that is too long ago. This and what follows is written by the reader of news alone.</summary>
    public long? UsedAt { get; set; }

    /// <summary>When its filter found no room, or its news could not be read.</summary>
    public long? FullAt { get; set; }

    /// <summary>The bytes of its filter that the reader has counted.</summary>
    public int Bytes { get; set; }

    public GrainId? Desk
    {
        get => (GrainId?)_desk;
        set => _desk = value;
    }

    public void Use()
    {
        if (!Volatile.Read(ref _isUsed))
        {
            Volatile.Write(ref _isUsed, true);
        }
    }

    /// <summary>Whether a key was asked for, or put, since the last call.</summary>
    public bool TakeUse() => Interlocked.Exchange(ref _isUsed, false);

    /// <summary>Whether the shard did not respond to the last call, and no news has confirmed its keys since.</summary>
    public bool IsSilent(long now, long confirmedAt, long usual)
    {
        // An older silence proves nothing: this process may have been paused, and the shard has not been asked since.
        var unansweredAt = Volatile.Read(ref _unansweredAt);
        return unansweredAt > Math.Max(confirmedAt, Volatile.Read(ref _answeredAt)) && now - unansweredAt < usual;
    }

    public void RecordAnswered(long now) => Volatile.Write(ref _answeredAt, now);

    /// <summary>Records that the shard did not respond in time to a call that was made then.</summary>
    public void RecordUnanswered(long madeAt)
    {
        if (madeAt > Volatile.Read(ref _unansweredAt))
        {
            Volatile.Write(ref _unansweredAt, madeAt);
        }
    }

    /// <summary>Records a put of this edge that the shard may have made, before its caller hears of it.</summary>
    public void Put(NodeId key, long now)
    {
        lock (_gate)
        {
            _lastPut = now;
            Use();
            _state?.Filter.Add(key);
        }
    }

    public void Invalidate()
    {
        lock (_gate)
        {
            _state = _state is { } state ? state with { Epoch = Interlocked.Increment(ref _epochs), Former = [] } : null;
        }
    }

    public void Forget()
    {
        lock (_gate)
        {
            _state = null;
        }
    }

    // Records news, which has all changes before confirmedAt. News that does not continue what is known is ignored, and so is a
    // filter older than that. Calls changed for each changed key, before the news counts as known.
    public void Record(ShardNews news, long confirmedAt, Action<NodeId> changed)
    {
        if (news.Filter is { } filter)
        {
            // A silo that has not heard of the shard for a while tells what it heard then.
            if (!(_state?.ConfirmedAt > confirmedAt))
            {
                Begin(new ShardState(
                    news.Generation, news.Version, KeyFilter.From(filter), Interlocked.Increment(ref _epochs), confirmedAt, long.MinValue));
            }
        }
        else if (_state is { } known && news.Continues(known.Generation, known.Version))
        {
            foreach (var key in news.Changed)
            {
                known.Filter.Add(key);
                changed(key);
            }

            lock (_gate)
            {
                _state = _state is { } state
                    ? state with { Version = news.Version, ConfirmedAt = Math.Max(state.ConfirmedAt, confirmedAt) }
                    : null;
            }
        }
    }

    // A filter may lack the latest puts of this edge, which the filter before had.
    private void Begin(ShardState state)
    {
        lock (_gate)
        {
            _state = state with { TrustedFrom = _lastPut, Former = _state?.AsFormer() ?? [] };
        }
    }
}

// What is known of a shard: news of a generation and version, and a filter that gets more keys until it is replaced. The filter
// is complete if ConfirmedAt is after TrustedFrom. A value cached in a former epoch is as recent as that. Epochs begin at 1.
internal sealed record ShardState(long Generation, long Version, KeyFilter Filter, long Epoch, long ConfirmedAt, long TrustedFrom)
{
    // Each new filter ends an epoch. A death of a silo brings two or three.
    private const int MaxFormer = 4;

    /// <summary>The epochs before, the last one first, for values that were cached in them.</summary>
    public IReadOnlyList<FormerEpoch> Former { get; init; } = [];

    /// <summary>Whether a key of the shard is certainly not held, as of <see cref="ConfirmedAt"/>.</summary>
    public bool Denies(NodeId key) => ConfirmedAt > TrustedFrom && !Filter.MayContain(key);

    /// <summary>The time before which all changes are known of a value that was cached in an epoch. Null if the epoch is too long ago.</summary>
    public long? ConfirmedAtIn(long epoch)
    {
        if (epoch == Epoch)
        {
            return ConfirmedAt;
        }

        foreach (var former in Former)
        {
            if (epoch == former.Epoch)
            {
                return former.ConfirmedAt;
            }
        }

        return null;
    }

    public IReadOnlyList<FormerEpoch> AsFormer() => [new(Epoch, ConfirmedAt), .. Former.Take(MaxFormer - 1)];
}

internal readonly record struct FormerEpoch(long Epoch, long ConfirmedAt);
