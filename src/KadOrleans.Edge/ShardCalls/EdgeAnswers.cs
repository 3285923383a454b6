using System.Runtime.InteropServices;

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
                view.NoteUnanswered(pending.BegunAt);
            }

            if (TryGet(view, key, isFind: true, isLate: e is TimeoutException, out var known))
            {
                return known;
            }

            throw;
        }
    }

    /// <summary>Notes that this edge may have changed a key. Call it before the put is acknowledged.</summary>
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
            view.NoteAnswered(_time.GetTimestamp());
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

/// <summary>Results of gets, in a <see cref="BoundedCache{T}"/>, and the pending ones. Safe for several threads.</summary>
internal sealed class AnswerCache(long maxBytes)
{
    /// <summary>The bytes of a result beside the value's content: records, array, entry. Rounded up.</summary>
    private const int Overhead = 320;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly BoundedCache<Answer> _answers = new(maxBytes, answer => Overhead + (answer.Value?.Value.ContentLength ?? 0));
    private readonly Dictionary<NodeId, PendingAnswer> _pending = [];

    /// <summary>Finds the result of a get, null if the key is not held. News must have confirmed it after <paramref name="confirmedAfter"/>.</summary>
    public bool TryGet(NodeId key, ShardState state, long confirmedAfter, out StoredValue? value)
    {
        lock (_gate)
        {
            var isFound = _answers.TryGet(key, out var answer) && state.ConfirmedAtIn(answer.Epoch) > confirmedAfter;
            value = isFound ? answer.Value : null;
            return isFound;
        }
    }

    // The pending get of a key unless it began at notBefore or earlier, or a new one: then ask the shard, and call End.
    public PendingAnswer Begin(NodeId key, long epoch, long now, long notBefore, out bool isNew)
    {
        lock (_gate)
        {
            ref var pending = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, key, out _);
            isNew = pending is null || pending.BegunAt <= notBefore;
            if (isNew)
            {
                pending = new PendingAnswer(epoch, now);
            }

            return pending!;
        }
    }

    /// <summary>Ends a pending get. Its result is cached unless the key may have changed since it began.</summary>
    public void End(NodeId key, PendingAnswer ended, StoredValue? value, bool isAnswered)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(key, out var pending) && ReferenceEquals(pending, ended))
            {
                _pending.Remove(key);
                if (isAnswered && ended.Epoch != 0)
                {
                    _answers.Put(key, new Answer(value, ended.Epoch));
                }
            }
        }
    }

    /// <summary>Removes the result of a key. Pending gets of it are neither joined nor cached.</summary>
    public void Remove(NodeId key)
    {
        lock (_gate)
        {
            _pending.Remove(key);
            _answers.Remove(key);
        }
    }

    private readonly record struct Answer(StoredValue? Value, long Epoch);
}

/// <summary>A get that waits for its shard, with the shard's epoch when it began. Its result is the value, or the shard's failure.</summary>
internal sealed class PendingAnswer(long epoch, long begunAt) : TaskCompletionSource<StoredValue?>
{
    private Task<StoredValue?>? _soon;

    public long Epoch => epoch;

    public long BegunAt => begunAt;

    /// <summary>The same, but it fails with <see cref="TimeoutException"/> some time after the first caller asked for it.</summary>
    public Task<StoredValue?> WithinAsync(TimeSpan limit, TimeProvider time)
    {
        // One timer for all. If two callers race, each waits for its own.
        var soon = Volatile.Read(ref _soon) ?? Task.WaitAsync(limit, time);
        Volatile.Write(ref _soon, soon);
        return soon;
    }
}
