namespace KadOrleans.Edge;

// Answers gets on the edge: keys that no shard holds by filters of the shards' keys, others by a cache of values. Both are kept
// by the shards' news. What no news confirmed within GrainKeyStoreOptions.MaxStaleness is not used. While the shard
// does not respond, it is used for remote nodes up to GrainKeyStoreOptions.MaxOutageStaleness. Puts of this edge count at once.
internal sealed class EdgeAnswers : IAsyncDisposable
{
    private const int Caches = 16;

    private const long MaxCacheBytes = 64L << 20;

    private readonly TimeProvider _time;

    // The greatest ages of news in use, in ticks of the clock. The second is for remote nodes while the shard does not respond.
    private readonly long _usual;
    private readonly long _outage;
    private readonly long _trustedFrom;
    private readonly ShardView?[] _views;
    private readonly AnswerCache[] _caches = [.. Enumerable.Range(0, Caches).Select(_ => new AnswerCache(MaxCacheBytes / Caches))];
    private readonly ShardNewsReader _reader;
    private readonly Func<NodeId, ValueTask<StoredValue?>> _ask;
    private readonly AnswerCounts _counts;

    /// <summary>Asks silos for news, and shards for keys. Before <paramref name="trustedFrom"/> this edge may have put keys that filters lack.</summary>
    public EdgeAnswers(
        ShardLayout layout,
        GrainKeyStoreOptions options,
        TimeProvider time,
        AskForNews askForNews,
        Func<NodeId, ValueTask<StoredValue?>> ask,
        AnswerCounts counts,
        long trustedFrom = long.MinValue)
    {
        (Layout, _time, _ask, _counts, _trustedFrom) = (layout, time, ask, counts, trustedFrom);
        (_usual, _outage) = (Ticks(options.MaxStaleness), Ticks(options.MaxOutageStaleness));
        _views = new ShardView?[layout.Count];
        _reader = new ShardNewsReader(options, time, askForNews, key => CacheOf(key).Remove(key));

        long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
    }

    public ShardLayout Layout { get; }

    public IReadOnlySet<GrainId> Desks => _reader.Desks;

    /// <summary>The desk at the silo of a shard, by its last news; null if none is known.</summary>
    public GrainId? DeskOf(long shard) =>
        GrainKeys.NumberOf(shard) is var number && number < _views.Length ? Volatile.Read(ref _views[number])?.Desk : null;

    public bool TryGet(NodeId key, out StoredValue? value) => TryGet(ViewOf(key), key, isFind: false, isLate: false, out value);

    public bool TryFind(NodeId key, out StoredValue? value) => TryGet(ViewOf(key), key, isFind: true, isLate: false, out value);

    /// <summary>Asks the shard, or waits for the response to another get of the key.</summary>
    public Task<StoredValue?> AskAsync(NodeId key, CancellationToken cancellationToken)
    {
        var pending = Begin(ViewOf(key), key);
        return cancellationToken.CanBeCanceled ? pending.Task.WaitAsync(cancellationToken) : pending.Task;
    }

    // The same for a remote node's FIND_VALUE. If the shard fails, or does not respond within GrainKeyStoreOptions.FindTimeout,
    // what is known answers. If that is not recent enough, the failure or a TimeoutException is thrown.
    public async Task<StoredValue?> FindAsync(NodeId key)
    {
        var view = ViewOf(key);
        var pending = Begin(view, key);
        try
        {
            return await pending.WithinAsync(GrainKeyStoreOptions.FindTimeout, _time);
        }
        catch (Exception e) when (e is TimeoutException or KeyStoreException)
        {
            if (e is TimeoutException)
            {
                view.RecordUnanswered(pending.BegunAt);
            }

            if (TryGet(view, key, isFind: true, isLate: e is TimeoutException, out var known))
            {
                return known;
            }

            throw;
        }
    }

    /// <summary>Records that this edge may have changed a key. Call it before the put is acknowledged.</summary>
    public void Changed(NodeId key)
    {
        CacheOf(key).Remove(key);
        ViewOf(key).Put(key, _time.GetTimestamp());
    }

    /// <summary>A shard has just told what it holds: what is kept of the key, and is another value or ends at another time, answers no more.</summary>
    public void DropIfOutdated(NodeId key, StoredValue? current)
    {
        if (ViewOf(key).State is { } state && (state.Denies(key) ? current is not null : IsKeptAsAnother(state)))
        {
            Changed(key);
        }

        bool IsKeptAsAnother(ShardState state) => CacheOf(key).TryGet(key, state, long.MinValue, out var kept)
            && (kept?.Value, kept?.ExpiresAt) != (current?.Value, current?.ExpiresAt);
    }

    public void Invalidate() => Array.ForEach(_views, view => view?.Invalidate());

    public void Begin() => _reader.Begin();

    public Task ReadNewsAsync() => _reader.ReadAsync();

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    // isFind: for a remote node's FIND_VALUE. isLate: the shard did not respond to it in time.
    private bool TryGet(ShardView view, NodeId key, bool isFind, bool isLate, out StoredValue? value)
    {
        view.Use();
        value = null;

        // The state is read before the cache: changes are removed from the cache before the state confirms them.
        if (view.State is not { } state)
        {
            return false;
        }

        var now = _time.GetTimestamp();
        if (TryGet(state, key, now - _usual, isInOutage: false, out value))
        {
            return true;
        }

        return (isLate || (isFind && view.IsSilent(now, state.ConfirmedAt, _usual)))
            && TryGet(state, key, now - _outage, isInOutage: true, out value);
    }

    private bool TryGet(ShardState state, NodeId key, long confirmedAfter, bool isInOutage, out StoredValue? value)
    {
        var isAbsent = state.ConfirmedAt > confirmedAfter && state.Denies(key);
        value = null;
        if (!isAbsent && !CacheOf(key).TryGet(key, state, confirmedAfter, out value))
        {
            return false;
        }

        _counts.Add(isAbsent, isInOutage);
        return true;
    }

    private PendingAnswer Begin(ShardView view, NodeId key)
    {
        var now = _time.GetTimestamp();
        var epoch = view.State?.Epoch ?? 0;
        var pending = CacheOf(key).Begin(key, epoch, now, now - _usual, out var isNew);
        if (isNew)
        {
            GrainCalls.Ignore(pending.Task);
            _ = AskAsync(view, key, pending);
        }

        return pending;
    }

    private async Task AskAsync(ShardView view, NodeId key, PendingAnswer pending)
    {
        try
        {
            var value = await _ask(key);
            view.RecordAnswered(_time.GetTimestamp());
            CacheOf(key).End(key, pending, value, isAnswered: true);
            pending.SetResult(value);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            CacheOf(key).End(key, pending, null, isAnswered: false);
            pending.SetException(e);
        }
    }

    private ShardView ViewOf(NodeId key)
    {
        var number = GrainKeys.Shard(key, Layout.Bits);
        return Volatile.Read(ref _views[number]) ?? CreateView(number);
    }

    private ShardView CreateView(int number)
    {
        var view = new ShardView(Layout.ShardAt(number), _trustedFrom);
        if (Interlocked.CompareExchange(ref _views[number], view, null) is { } other)
        {
            return other;
        }

        _reader.Add(view);
        return view;
    }

    // Not by the first bits, as all keys of a shard share them.
    private AnswerCache CacheOf(NodeId key) => _caches[(uint)key.GetHashCode() % Caches];
}

internal sealed class AnswerCounts
{
    private long _absent;
    private long _cached;
    private long _inOutage;

    public long Absent => Interlocked.Read(ref _absent);

    public long Cached => Interlocked.Read(ref _cached);

    public long InOutage => Interlocked.Read(ref _inOutage);

    public void Add(bool isAbsent, bool isInOutage)
    {
        Interlocked.Increment(ref isAbsent ? ref _absent : ref _cached);
        if (isInOutage)
        {
            Interlocked.Increment(ref _inOutage);
        }

        EdgeMetrics.ShardAnswers.Add(1, EdgeMetrics.AnswerSource(isInOutage ? "outage" : isAbsent ? "absent" : "cached"));
    }
}
