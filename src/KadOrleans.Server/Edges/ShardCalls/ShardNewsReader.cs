namespace KadOrleans.Server;

/// <summary>Asks a silo for news of shards. Different ways may lead to different silos.</summary>
internal delegate Task<IReadOnlyList<ShardNews>> AskForNews(long way, IReadOnlyList<ShardPoint> known);

/// <summary>
/// Reads the news of the shards that an edge asks for keys: four times within <see cref="GrainKeyStoreOptions.MaxStaleness"/>, all shards
/// with one call. A silo that does not respond is passed over. Without news the views become too old to be used.
/// </summary>
internal sealed class ShardNewsReader(GrainKeyStoreOptions options, TimeProvider time, AskForNews ask, Action<NodeId> changed) : IAsyncDisposable
{
    private const int MaxShards = 1_024;

    /// <summary>How long a shard is read after the last request for one of its keys.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    /// <summary>How long a shard is not read whose filter found no room, or whose news could not be read.</summary>
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
    private long _way;
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
        FollowDesks();
        foreach (var some in wanted.Chunk(MaxShards))
        {
            var now = time.GetTimestamp();
            var all = await AskAsync([.. some.Select(PointOf)]);
            Note(some, all ?? [], now);
            if (all is null)
            {
                return false;
            }
        }

        return true;
    }

    private void Note(IReadOnlyList<ShardView> some, IReadOnlyList<ShardNews> all, long askedAt)
    {
        // A response with filters may have had no room for all shards.
        var isWhole = !all.Any(news => news.Filter is not null);
        var byShard = all.ToLookup(news => news.Shard);
        foreach (var view in some)
        {
            var before = view.State?.ConfirmedAt;
            foreach (var news in byShard[view.Shard])
            {
                TryNote(view, news, askedAt - (long)(news.Age.TotalSeconds * time.TimestampFrequency) - 1);
            }

            // The silo has not heard of the shard since the last news.
            if (view.State?.ConfirmedAt == before && (isWhole || byShard.Contains(view.Shard)))
            {
                view.NoteUnanswered(askedAt);
            }
        }

        FollowDesks();
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
                var asked = ask(_way, known);
                GrainCalls.Ignore(asked);
                return await asked.WaitAsync(timeout, time, _ending.Token);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Requests go to the shards meanwhile, and log why those do not respond.
                _way++;
            }
        }

        return null;
    }

    // News that have no room, or cannot be read, cost their shard its view for a while, and not the loop.
    private void TryNote(ShardView view, ShardNews news, long confirmedAt)
    {
        try
        {
            if (news.Filter is not { } filter || _bytes - view.Bytes + filter.Length <= options.MaxFilterBytes)
            {
                Note(view, news, confirmedAt);
                return;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Forgotten below.
        }

        Forget(view);
        view.FullAt = time.GetTimestamp();
    }

    private void Note(ShardView view, ShardNews news, long confirmedAt)
    {
        Move(view, options.IsInSilo ? AddressOf(news) : news.Desk);
        view.Note(news, confirmedAt, changed);
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

    private void FollowDesks()
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
