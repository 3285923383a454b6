using System.Runtime.CompilerServices;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Edge;

// The cluster's keys, for all node ids of an edge. Puts share grain calls, and so do gets, but never with each other: a get never
// waits for a write. A put returns StoreResult.Stored only when the value is durable. A get sees what this store put, and what
// others put before GrainKeyStoreOptions.MaxStaleness. While silos are down each request times out.
internal sealed class GrainKeyStore : IAsyncDisposable
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly IGrainFactory _grains;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SingleShardCalls _calls;
    private readonly ShardChannels<ShardPut, StoreResult> _puts;
    private readonly ShardChannels<NodeId, StoredValue?> _gets;
    private readonly AnswerCounts _answered = new();
    private long _newsCalls;

    // What answers gets without a call, over the shards in use. Replaced as a whole: callers take it once.
    private volatile EdgeAnswers _answers;

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pending;
    private int _disposed;

    // Guards the two below: failures since the last log message, and when that was.
    private readonly Lock _gate = new();
    private long _failed;
    private long? _loggedAt;

    /// <summary>A store over the shards of a cluster, in the layout of its settings. It makes no call before it is used.</summary>
    public GrainKeyStore(
        IGrainFactory grains, ShardLayout layout, TimeProvider time, ILogger<GrainKeyStore> logger, GrainKeyStoreOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layout.Bits, GrainKeys.MinShardBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layout.Bits, GrainKeys.MaxShardBits);
        (_grains, _options, _time, _logger) = (grains, options ?? new GrainKeyStoreOptions(), time, logger);
        Puts = new PutHealth(time);
        _calls = new SingleShardCalls(grains, _options, time, logger);
        _puts = new ShardChannels<ShardPut, StoreResult>(
            "put",
            async (desk, puts) => await grains.GetGrain<IShardDesk>(desk).PutAsync(puts),
            async (shard, puts) => await grains.GetGrain<IKeyShardGrain>(shard).PutAsync(puts),
            DeskOf,
            Desks,
            _options,
            time,
            logger);
        _gets = new ShardChannels<NodeId, StoredValue?>(
            "get",
            (desk, keys) => AskOnceAsync(keys, async once => await grains.GetGrain<IShardDesk>(desk).GetAsync(once)),
            async (shard, keys) =>
                (await AskOnceAsync(keys, async once => new(await grains.GetGrain<IKeyShardGrain>(shard).GetAsync(once), []))).Results,
            DeskOf,
            Desks,
            _options with { Timeout = GrainKeyStoreOptions.GetTimeout, PauseForManyPuts = TimeSpan.Zero },
            time,
            logger);
        _answers = Answer(layout, long.MinValue);
    }

    /// <summary>What to add to this process's clock to get the cluster's time, which orders puts. Default zero.</summary>
    internal Func<TimeSpan> ClockCorrection { get; init; } = static () => TimeSpan.Zero;

    /// <summary>
    /// What verifies items of strangers before a shard is called, within a budget that shards do not have. Null: the shards alone verify.
    /// </summary>
    internal ItemChecks? Checks { get; init; }

    internal ShardLayout Layout => _answers.Layout;

    /// <summary>These keys as one node id has them: with an area of its own. Disposing it disposes the store of all ids.</summary>
    public IKeyStore ForNode() => new NodeKeys(this);

    /// <summary>Counts by a stable name: grain calls for puts and gets, the puts and gets in them, and gets without a call.</summary>
    public IReadOnlyDictionary<string, long> Totals() => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["shards.get.absent"] = _answered.Absent,
        ["shards.get.cached"] = _answered.Cached,
        ["shards.get.calls"] = _gets.Calls,
        ["shards.get.keys"] = _gets.Items,
        ["shards.get.outage"] = _answered.InOutage,
        ["shards.news.calls"] = Interlocked.Read(ref _newsCalls),
        ["shards.put.calls"] = _puts.Calls,
        ["shards.put.values"] = _puts.Items,
    };

    public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        var answers = _answers;
        var held =
            cancellationToken.IsCancellationRequested || IsDisposed ? await ReadAsync(key, cancellationToken)
            : answers.TryGet(key, out var value) ? value
            : await answers.AskAsync(key, cancellationToken);
        return Alive(held, now);
    }

    // While the shard does not respond, what others put before GrainKeyStoreOptions.MaxOutageStaleness is seen. Without that it
    // fails after GrainKeyStoreOptions.FindTimeout. The get goes on, and is logged if it fails.
    public async ValueTask<StoredValue?> FindAsync(NodeId key, DateTimeOffset now)
    {
        if (!IsDisposed && TryFind(key, now, out var value))
        {
            return value;
        }

        try
        {
            return Alive(IsDisposed ? await ReadAsync(key, CancellationToken.None) : await _answers.FindAsync(key), now);
        }
        catch (TimeoutException late)
        {
            throw SingleShardCalls.Unanswered(Layout.ShardOf(key), late);
        }
    }

    public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value)
    {
        var isFound = _answers.TryFind(key, out var found);
        value = Alive(found, now);
        return isFound;
    }

    /// <summary>The value of a key as its shard holds it now, whatever <see cref="GrainKeyStoreOptions.MaxStaleness"/> is.</summary>
    internal async ValueTask<StoredValue?> ReadAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var held = await ReadAsync(key, cancellationToken);
        _answers.DropIfOutdated(key, held);
        return Alive(held, now);
    }

    /// <summary>Whether shards fail all puts.</summary>
    internal PutHealth Puts { get; }

    /// <summary>A put without a response is <see cref="StoreResult.StorageFailed"/>, and <see cref="StoreResult.Busy"/> if too many wait.</summary>
    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default) =>
        Checks is not null && ItemEnvelope.IsItemLike(value.Value)
            ? PutCheckedAsync(Checks, key, value, terms, cancellationToken)
            : SendAsync(key, value, terms, cancellationToken);

    private ValueTask<StoreResult> PutCheckedAsync(
        ItemChecks by, NodeId key, StoredValue value, PutTerms terms, CancellationToken cancellationToken)
    {
        var held = _answers.TryFind(key, out var known) && known is not null ? known.Value : default;
        return by.PutAsync(key, value, terms, held, its => SendAsync(key, value, its, cancellationToken));
    }

    private async ValueTask<StoreResult> SendAsync(NodeId key, StoredValue value, PutTerms terms, CancellationToken cancellationToken)
    {
        if (StoreRules.FindRefusal(value.Value) is { } refusal)
        {
            return refusal;
        }

        using var call = Enter(cancellationToken);
        var shard = Layout.ShardOf(key);
        if (!call.IsWithinQueue)
        {
            Report(shard, "put", TooMany());
            return StoreResult.Busy;
        }

        var put = ShardPut.Of(key, Correct(value, terms.Kind), terms);
        ShardOutcome<StoreResult> outcome;
        try
        {
            outcome = await _puts.AskAsync(put, shard, cancellationToken);
        }
        finally
        {
            // Before the caller hears of it, and also if the outcome is not known.
            _answers.Changed(key);
        }

        var isFull = outcome.Failure is QueueFullException;
        if (!isFull)
        {
            Puts.Record(shard, Layout.Count, isDecided: outcome.Failure is null && outcome.Result != StoreResult.StorageFailed);
        }

        if (outcome.Failure is not { } failure)
        {
            return outcome.Result;
        }

        Report(shard, "put", failure);
        return isFull ? StoreResult.Busy : StoreResult.StorageFailed;
    }

    /// <summary>Removes expired values from all shards. Edges do not need it: each shard removes its own every hour.</summary>
    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        using var call = Enter(cancellationToken);
        try
        {
            return (await _calls.CallAllAsync(Layout, "expire", shard => shard.RemoveExpiredAsync(now), cancellationToken)).Sum();
        }
        finally
        {
            _answers.Invalidate();
        }
    }

    // Scans a region, shard by shard as the reader goes on. Only shards that overlap it are called, with one call per page. They
    // return its keys alone. A scan of all keys activates every shard (most may be empty), so it is for tools.
    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Not counted among the pending calls: a reader may pause for any time.
        using (Enter(cancellationToken))
        {
        }

        await foreach (var entry in _calls.ScanAsync(Layout, region, cancellationToken))
        {
            yield return entry;
        }
    }

    // At most as old as GrainKeyStoreOptions.UsageMaxAge. Each shard is asked: an edge does so only when quotas begin or end to refuse.
    public async ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        using var call = Enter(cancellationToken);
        return await _calls.GetUsageAsync(Layout, cancellationToken);
    }

    /// <summary>Refuses further calls and waits for the pending ones, which all end by their timeout.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && Interlocked.CompareExchange(ref _pending, 0, 0) == 0)
        {
            _drained.TrySetResult();
        }

        await _drained.Task;
        _calls.Dispose();
        await _answers.DisposeAsync();
    }

    /// <summary>Calls more shards from now on, knowing nothing of them. Fewer are ignored. One call at a time.</summary>
    internal async ValueTask UseAsync(ShardLayout layout)
    {
        var before = _answers;
        if (layout.FirstBits == before.Layout.FirstBits && layout.Bits > before.Layout.Bits)
        {
            _answers = Answer(layout, _time.GetTimestamp());
            await before.DisposeAsync();
        }
    }

    internal Task ReadNewsAsync() => _answers.ReadNewsAsync();

    internal async ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var ended = await _calls.CallAsync(Layout.ShardOf(key), "unpublish", shard => shard.UnpublishAsync([key]), cancellationToken);
        _answers.Changed(key);
        return ended[0];
    }

    private bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    private GrainId? DeskOf(long shard) => _answers.DeskOf(shard);

    private IReadOnlySet<GrainId> Desks() => _answers.Desks;

    // Without news no desk is known, and each get calls its shard.
    private EdgeAnswers Answer(ShardLayout layout, long trustedFrom)
    {
        var answers = new EdgeAnswers(
            layout, _options, _time, AskForNewsAsync, key => ReadAsync(key, CancellationToken.None), _answered, trustedFrom);
        if (_options.MaxStaleness > TimeSpan.Zero)
        {
            answers.Begin();
        }

        return answers;
    }

    private StoredValue Correct(StoredValue value, PutKind kind)
    {
        var correction = ClockCorrection();
        return correction == TimeSpan.Zero || kind == PutKind.Import
            ? value
            : value with
            {
                StoredAt = value.StoredAt + correction,
                ExpiresAt = value.ExpiresAt + correction,
                PublishedAt = value.PublishedAt + correction,
            };
    }

    private StoredValue? Alive(StoredValue? value, DateTimeOffset now) =>
        value is not null && !value.IsExpired(now + ClockCorrection()) ? value : null;

    private async ValueTask<StoredValue?> ReadAsync(NodeId key, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var shard = Layout.ShardOf(key);
        var outcome = call.IsWithinQueue ? await _gets.AskAsync(key, shard, cancellationToken) : new(null, TooMany());
        if (outcome.Failure is { } failure)
        {
            Report(shard, "get", failure);
            throw SingleShardCalls.Unanswered(shard, failure);
        }

        return outcome.Result;
    }

    private static async Task<ShardBatch<StoredValue?>> AskOnceAsync(
        IReadOnlyList<NodeId> keys, Func<IReadOnlyList<NodeId>, Task<ShardBatch<StoredValue?>>> ask)
    {
        List<NodeId> once = [.. keys.Distinct()];
        var batch = await ask(once);
        if (once.Count == keys.Count)
        {
            return batch;
        }

        var results = once.Zip(batch.Results).ToDictionary(item => item.First, item => item.Second);
        var unanswered = batch.Unanswered.Select(place => once[place]).ToHashSet();
        return new ShardBatch<StoredValue?>(
            [.. keys.Select(key => results[key])],
            [.. keys.Index().Where(item => unanswered.Contains(item.Item)).Select(item => item.Index)]);
    }

    private async Task<IReadOnlyList<ShardNews>> AskForNewsAsync(long worker, IReadOnlyList<ShardPoint> known)
    {
        Interlocked.Increment(ref _newsCalls);
        EdgeMetrics.ShardCalls.Add(1, EdgeMetrics.ShardCall("news"));
        return await _grains.GetGrain<IShardBatchGrain>(worker).GetNewsAsync(known);
    }

    private QueueFullException TooMany() => new($"{_options.TotalQueue} requests are pending for the cluster's shards already.");

    private void Report(long shard, string kind, Exception cause)
    {
        EdgeMetrics.ShardFailures.Add(1, EdgeMetrics.ShardCall(kind));
        long failed;
        lock (_gate)
        {
            _failed++;
            if (_loggedAt is { } last && _time.GetElapsedTime(last) < LogInterval)
            {
                return;
            }

            (failed, _failed, _loggedAt) = (_failed, 0, _time.GetTimestamp());
        }

        _logger.ShardsFailed(cause, GrainKeys.ShardName(shard), failed);
    }

    private UnderWay Enter(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new UnderWay(this, Interlocked.Increment(ref _pending) <= _options.TotalQueue);
        if (!IsDisposed)
        {
            return call;
        }

        call.Dispose();
        throw new ObjectDisposedException(nameof(GrainKeyStore));
    }

    private readonly struct UnderWay(GrainKeyStore store, bool isWithinQueue) : IDisposable
    {
        public bool IsWithinQueue => isWithinQueue;

        public void Dispose()
        {
            if (Interlocked.Decrement(ref store._pending) == 0 && store.IsDisposed)
            {
                store._drained.TrySetResult();
            }
        }
    }

    private sealed class NodeKeys(GrainKeyStore store) : IKeyStore
    {
        // Boxed, so that reads and writes are atomic.
        private volatile StrongBox<ResponsibleArea> _area = new(ResponsibleArea.Everywhere);

        /// <summary>Always empty: silos count what their shards evict.</summary>
        public StoreTurnover Turnover => default;

        public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
            store.GetAsync(key, now, cancellationToken);

        public ValueTask<StoredValue?> GetCurrentAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
            store.ReadAsync(key, now, cancellationToken);

        public ValueTask<StoredValue?> FindAsync(NodeId key, DateTimeOffset now) => store.FindAsync(key, now);

        public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value) => store.TryFind(key, now, out value);

        public ValueTask<StoreResult> PutAsync(
            NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default) =>
            store.PutAsync(key, _area.Value.Contains(key) ? value : value with { IsFar = true }, terms, cancellationToken);

        public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
            store.RemoveExpiredAsync(now, cancellationToken);

        public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default) =>
            store.ScanAsync(region, cancellationToken);

        /// <summary>Marks later puts outside the area as far: shards know no node ids.</summary>
        public void SetArea(ResponsibleArea area) => _area = new StrongBox<ResponsibleArea>(area);

        public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

        public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => store.GetUsageAsync(cancellationToken);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}

/// <summary>How a <see cref="GrainKeyStore"/> batches, waits and gives up. The defaults suit an edge.</summary>
internal sealed record GrainKeyStoreOptions
{
    /// <summary>How long a shard is called directly after its desk did not respond for it.</summary>
    public static readonly TimeSpan DirectFor = TimeSpan.FromSeconds(5);

    /// <summary>The timeout of a get, retries included. A shard that moves to another silo is back sooner.</summary>
    public static readonly TimeSpan GetTimeout = TimeSpan.FromSeconds(2.5);

    // How long a remote node's FIND_VALUE waits for a get. Then the remote node gets contacts instead and looks elsewhere, also
    // one that waits no longer than 1 s. The get itself goes on to its timeout, and its result is kept for the next FIND_VALUE.
    public static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(0.8);

    /// <summary>The longest pause between tries. A shard may stay uncalled for so long after its silo was declared dead.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Puts in a call that show that more would come soon.</summary>
    public const int ManyPuts = 3;

    /// <summary>The longest time for which an edge gathers puts because the last call had many.</summary>
    public static readonly TimeSpan LongestGathering = TimeSpan.FromMilliseconds(24);

    /// <summary>The most puts, or keys of gets, in one grain call. A shard takes 1,024, which are at most 8 MiB.</summary>
    public int MaxBatch { get; init; } = 1_024;

    /// <summary>How many calls of a kind may be pending at a silo, at least 1. More make smaller calls.</summary>
    public int DeskCalls { get; init; } = 2;

    /// <summary>The shortest time between two calls to a silo is this, times the number of other silos. An edge has 2 ms.</summary>
    public TimeSpan PauseForSilo { get; init; }

    /// <summary>The same after a call of <see cref="ManyPuts"/>, up to <see cref="LongestGathering"/>. An edge has 8 ms.</summary>
    public TimeSpan PauseForManyPuts { get; init; }

    /// <summary>How many requests may wait in one channel. Further ones fail at once.</summary>
    public int ChannelQueue { get; init; } = 4_096;

    /// <summary>How many puts and gets may wait in all, at most 128 MiB of values. Further ones fail at once.</summary>
    public int TotalQueue { get; init; } = 16_384;

    public bool IsInSilo { get; init; }

    /// <summary>The timeout of a put or a shard's call, with retries: less than the 5 s of a remote node.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Without a desk's response for so long, requests go to their shards too. A healthy silo may take 250 ms.</summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The age at which a usage is read again. With zero it is read each time.</summary>
    public TimeSpan UsageMaxAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Keys per call of a scan, at most 1,024. The default is 2 MiB at worst.</summary>
    public int ScanPage { get; init; } = 256;

    // The greatest age of a shard's news by which gets are answered without a call. A value stored elsewhere is found after this
    // time at the latest. With zero, the default, each get calls its shard.
    public TimeSpan MaxStaleness { get; init; }

    // The greatest age by which FIND_VALUE, and nothing else, is answered while the shard does not respond.
    public TimeSpan MaxOutageStaleness { get; init; }

    // The shortest time from a call of so many requests to a silo until the next one. So an edge makes no more calls in a cluster of
    // more silos, where each silo gets fewer requests.
    public TimeSpan PauseAfter(int sent, int otherSilos)
    {
        var (least, gathering) = (PauseForSilo * otherSilos, PauseForManyPuts * otherSilos);
        gathering = gathering < LongestGathering ? gathering : LongestGathering;
        return sent >= ManyPuts && gathering > least ? gathering : least;
    }

    /// <summary>The most bytes of filters, 1.5 to 2.3 for a key. Shards beyond are asked for each key.</summary>
    public long MaxFilterBytes { get; init; } = 64L << 20;
}
