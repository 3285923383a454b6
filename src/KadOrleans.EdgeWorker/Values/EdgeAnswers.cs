using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Answers gets on the edge: keys that no shard holds by filters of the shards' keys, others by a cache of values. Both are kept by the
/// shards' news. What was not confirmed within <see cref="GrainKeyStoreOptions.MaxStaleness"/> answers nothing. Puts of this edge count at
/// once.
/// </summary>
internal sealed class EdgeAnswers : IAsyncDisposable
{
    private const int Caches = 16;

    private readonly TimeProvider _time;
    private readonly long _maxAge;
    private readonly long _trustedFrom;
    private readonly ShardView?[] _views;
    private readonly AnswerCache[] _caches;
    private readonly ShardNewsReader _reader;

    /// <param name="shards">Those in use.</param>
    /// <param name="options">Times and bounds.</param>
    /// <param name="time">The edge's clock.</param>
    /// <param name="ask">Asks a desk for news.</param>
    /// <param name="trustedFrom">This edge may have put keys before this time, which older filters lack.</param>
    public EdgeAnswers(
        ShardLayout shards,
        GrainKeyStoreOptions options,
        TimeProvider time,
        Func<long, IReadOnlyList<ShardPoint>, Task<IReadOnlyList<ShardNews>>> ask,
        long trustedFrom = long.MinValue)
    {
        (_time, _trustedFrom) = (time, trustedFrom);
        _maxAge = (long)(options.MaxStaleness.TotalSeconds * time.TimestampFrequency);
        _views = new ShardView?[shards.Count];
        Places = new ShardPlaces(_views.Length);
        _caches = [.. Enumerable.Range(0, Caches).Select(_ => new AnswerCache(options.MaxCacheBytes / Caches))];
        _reader = new ShardNewsReader(options, time, ask, Places, key => CacheOf(key).Remove(key));
    }

    /// <summary>The silos that shards are on.</summary>
    public ShardPlaces Places { get; }

    /// <summary>Gets that a filter answered.</summary>
    public long Absent => _views.Sum(view => view?.Absent ?? 0);

    /// <summary>Gets that the cache answered.</summary>
    public long Cached => _caches.Sum(cache => cache.Hits);

    /// <summary>Answers a get, if that is possible without a call.</summary>
    public bool TryGet(long shard, NodeId key, out StoredValue? value)
    {
        var view = ViewOf(shard);
        view.Use();

        // The state is read before the cache: changes are removed from the cache before the state confirms them.
        if (view.State is { } state && _time.GetTimestamp() - state.ConfirmedAt < _maxAge)
        {
            if (view.Denies(state, key))
            {
                EdgeMetrics.ShardAnswers.Add(1, EdgeMetrics.Absent);
                value = null;
                return true;
            }

            if (CacheOf(key).TryGet(key, state.Epoch, out value))
            {
                EdgeMetrics.ShardAnswers.Add(1, EdgeMetrics.Cached);
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Asks the shard, or waits for the response to another get of the key.</summary>
    /// <param name="shard">The key's.</param>
    /// <param name="key">The key.</param>
    /// <param name="ask">Asks the shard.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<StoredValue?> AskAsync(
        long shard, NodeId key, Func<NodeId, CancellationToken, ValueTask<StoredValue?>> ask, CancellationToken cancellationToken)
    {
        var now = _time.GetTimestamp();
        var epoch = ViewOf(shard).State?.Epoch ?? 0;
        var pending = CacheOf(key).Begin(key, epoch, now, now - _maxAge, out var isNew);
        if (isNew)
        {
            GrainCalls.Ignore(pending.Task);
            _ = AskAsync(key, pending, ask);
        }

        return cancellationToken.CanBeCanceled ? pending.Task.WaitAsync(cancellationToken) : pending.Task;
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

    private async Task AskAsync(NodeId key, PendingAnswer pending, Func<NodeId, CancellationToken, ValueTask<StoredValue?>> ask)
    {
        try
        {
            var value = await ask(key, CancellationToken.None);
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
}
