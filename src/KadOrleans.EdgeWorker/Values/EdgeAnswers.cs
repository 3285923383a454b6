using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Answers gets on the edge: keys that no shard holds by filters of the shards' keys, others by a cache of values. Both are kept by the
/// shards' news. What was not confirmed within <see cref="GrainKeyStoreOptions.MaxStaleness"/> answers nothing. Remote nodes are answered by
/// it while the shard does not respond, up to <see cref="GrainKeyStoreOptions.MaxOutageStaleness"/>. Puts of this edge count at once.
/// </summary>
internal sealed class EdgeAnswers : IAsyncDisposable
{
    private const int Caches = 16;

    private readonly TimeProvider _time;
    private readonly StalenessRule _rule;
    private readonly TimeSpan _findTimeout;
    private readonly long _trustedFrom;
    private readonly ShardView?[] _views;
    private readonly AnswerCache[] _caches;
    private readonly ShardNewsReader _reader;
    private long _inOutage;

    /// <param name="shards">Those in use.</param>
    /// <param name="options">Times and bounds.</param>
    /// <param name="time">The edge's clock.</param>
    /// <param name="ask">Asks a silo for news. Different ways may lead to different silos.</param>
    /// <param name="trustedFrom">This edge may have put keys before this time, which older filters lack.</param>
    public EdgeAnswers(
        ShardLayout shards,
        GrainKeyStoreOptions options,
        TimeProvider time,
        Func<long, IReadOnlyList<ShardPoint>, Task<IReadOnlyList<ShardNews>>> ask,
        long trustedFrom = long.MinValue)
    {
        (_time, _trustedFrom) = (time, trustedFrom);
        (_rule, _findTimeout) = (new StalenessRule(Ticks(options.MaxStaleness), Ticks(options.MaxOutageStaleness)), options.FindTimeout);
        _views = new ShardView?[shards.Count];
        Map = new ShardMap(_views.Length, options.IsInSilo);
        _caches = [.. Enumerable.Range(0, Caches).Select(_ => new AnswerCache(options.MaxCacheBytes / Caches))];
        _reader = new ShardNewsReader(options, time, ask, Map, key => CacheOf(key).Remove(key));

        long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>The desks of shards.</summary>
    public ShardMap Map { get; }

    /// <summary>Gets that a filter answered.</summary>
    public long Absent => _views.Sum(view => view?.Absent ?? 0);

    /// <summary>Gets that the cache answered.</summary>
    public long Cached => _caches.Sum(cache => cache.Hits);

    /// <summary>Those of either that were answered while their shard did not respond.</summary>
    public long InOutage => Interlocked.Read(ref _inOutage);

    /// <summary>Answers a get, if that is possible without a call.</summary>
    public bool TryGet(long shard, NodeId key, out StoredValue? value) => TryGet(ViewOf(shard), key, GetKind.Get, out value);

    /// <summary>Answers a remote node's FIND_VALUE, if that is possible without a call.</summary>
    public bool TryFind(long shard, NodeId key, out StoredValue? value) => TryGet(ViewOf(shard), key, GetKind.Find, out value);

    /// <summary>Asks the shard, or waits for the response to another get of the key.</summary>
    /// <param name="shard">The key's.</param>
    /// <param name="key">The key.</param>
    /// <param name="ask">Asks the shard.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<StoredValue?> AskAsync(
        long shard, NodeId key, Func<NodeId, CancellationToken, ValueTask<StoredValue?>> ask, CancellationToken cancellationToken)
    {
        var pending = Begin(ViewOf(shard), key, ask);
        return cancellationToken.CanBeCanceled ? pending.Task.WaitAsync(cancellationToken) : pending.Task;
    }

    /// <summary>
    /// The same for a remote node's FIND_VALUE. If the shard does not respond within <see cref="GrainKeyStoreOptions.FindTimeout"/>, what is
    /// known answers.
    /// </summary>
    /// <param name="shard">The key's.</param>
    /// <param name="key">The key.</param>
    /// <param name="ask">Asks the shard.</param>
    /// <exception cref="TimeoutException">The shard did not respond in time, and nothing recent enough is known.</exception>
    /// <exception cref="KeyStoreException">It failed, and nothing recent enough is known.</exception>
    public async Task<StoredValue?> FindAsync(long shard, NodeId key, Func<NodeId, CancellationToken, ValueTask<StoredValue?>> ask)
    {
        var view = ViewOf(shard);
        var pending = Begin(view, key, ask);
        try
        {
            return await pending.WithinAsync(_findTimeout, _time);
        }
        catch (Exception e) when (e is TimeoutException or KeyStoreException)
        {
            if (e is TimeoutException)
            {
                view.NoteUnanswered(pending.BegunAt);
            }

            if (TryGet(view, key, e is TimeoutException ? GetKind.LateFind : GetKind.Find, out var known))
            {
                return known;
            }

            throw;
        }
    }

    /// <summary>Notes that this edge may have changed a key. Call it before the put is acknowledged.</summary>
    public void Changed(long shard, NodeId key)
    {
        CacheOf(key).Remove(key);
        ViewOf(shard).Put(key, _time.GetTimestamp());
    }

    /// <summary>Notes that this edge removed values of a shard.</summary>
    public void Changed(long shard) => ViewOf(shard).Invalidate();

    /// <summary>Reads the news of the shards that are asked from now on.</summary>
    public void Begin() => _reader.Begin();

    /// <summary>Reads the news once.</summary>
    public Task ReadNewsAsync() => _reader.ReadAsync();

    /// <summary>Ends the reading of news.</summary>
    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private bool TryGet(ShardView view, NodeId key, GetKind kind, out StoredValue? value)
    {
        view.Use();
        value = null;

        // The state is read before the cache: changes are removed from the cache before the state confirms them.
        if (view.State is not { } state)
        {
            return false;
        }

        var now = _time.GetTimestamp();
        if (TryGet(view, state, key, now - _rule.Usual, isInOutage: false, out value))
        {
            return true;
        }

        return (kind == GetKind.LateFind || (kind == GetKind.Find && _rule.IsOutage(now, state.ConfirmedAt, view.Calls)))
            && TryGet(view, state, key, now - _rule.Outage, isInOutage: true, out value);
    }

    private bool TryGet(ShardView view, ShardState state, NodeId key, long confirmedAfter, bool isInOutage, out StoredValue? value)
    {
        var isAbsent = state.ConfirmedAt > confirmedAfter && view.Denies(state, key);
        value = null;
        if (!isAbsent && !CacheOf(key).TryGet(key, state, confirmedAfter, out value))
        {
            return false;
        }

        if (isInOutage)
        {
            Interlocked.Increment(ref _inOutage);
        }

        EdgeMetrics.ShardAnswers.Add(1, isInOutage ? EdgeMetrics.InOutage : isAbsent ? EdgeMetrics.Absent : EdgeMetrics.Cached);
        return true;
    }

    private PendingAnswer Begin(ShardView view, NodeId key, Func<NodeId, CancellationToken, ValueTask<StoredValue?>> ask)
    {
        var now = _time.GetTimestamp();
        var epoch = view.State?.Epoch ?? 0;
        var pending = CacheOf(key).Begin(key, epoch, now, now - _rule.Usual, out var isNew);
        if (isNew)
        {
            GrainCalls.Ignore(pending.Task);
            _ = AskAsync(view, key, pending, ask);
        }

        return pending;
    }

    private async Task AskAsync(
        ShardView view, NodeId key, PendingAnswer pending, Func<NodeId, CancellationToken, ValueTask<StoredValue?>> ask)
    {
        try
        {
            var value = await ask(key, CancellationToken.None);
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

    private ShardView ViewOf(long shard) => Volatile.Read(ref _views[GrainKeys.NumberOf(shard)]) ?? CreateView(shard);

    private ShardView CreateView(long shard)
    {
        var view = new ShardView(shard, _trustedFrom);
        if (Interlocked.CompareExchange(ref _views[GrainKeys.NumberOf(shard)], view, null) is { } other)
        {
            return other;
        }

        _reader.Add(view);
        return view;
    }

    // Not by the first bits, which are those of a shard.
    private AnswerCache CacheOf(NodeId key) => _caches[(uint)key.GetHashCode() % Caches];

    private enum GetKind
    {
        /// <summary>Any but a remote node's.</summary>
        Get,

        /// <summary>A remote node's FIND_VALUE.</summary>
        Find,

        /// <summary>The same, after the shard did not respond to it in time.</summary>
        LateFind,
    }
}
