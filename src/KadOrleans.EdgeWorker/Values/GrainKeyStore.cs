using System.Runtime.CompilerServices;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The cluster's keys, for all node ids of an edge. What arrives while calls are under way shares the next, whichever the
/// shard; puts and gets travel apart. A put is <see cref="StoreResult.Stored"/> only when the shard said
/// that it is durable; the latest put of a key in order of arrival wins. Nothing is remembered of values: a get sees what
/// other edges wrote. Silos that are away cost each call its patience and nothing more; it works again when they are back.
/// </summary>
public sealed class GrainKeyStore : IKeyStore
{
    private readonly int _shardBits;
    private readonly GrainKeyStoreOptions _options;
    private readonly OutageLog _outages;
    private readonly ShardCalls _calls;
    private readonly ShardLanes _lanes;
    private readonly HeldShards _held;
    private readonly UsageReading _usage;
    private readonly FarMark _mark = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pending;
    private int _disposed;

    /// <summary>A store over the shards of a cluster. It calls none before it is asked.</summary>
    /// <param name="grains">A connected client's, or a silo's.</param>
    /// <param name="shardBits">The cluster's, from <see cref="ClusterSettings.ShardBits"/>: another value looks in the wrong places.</param>
    /// <param name="time">For patience and pauses.</param>
    /// <param name="logger">Told of outages, at most every ten seconds.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="shardBits"/> is not from 0 to 16.</exception>
    public GrainKeyStore(
        IGrainFactory grains, int shardBits, TimeProvider time, ILogger<GrainKeyStore> logger, GrainKeyStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentOutOfRangeException.ThrowIfLessThan(shardBits, GrainKeys.MinShardBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardBits, GrainKeys.MaxShardBits);
        _shardBits = shardBits;
        _options = options ?? new GrainKeyStoreOptions();
        _outages = new OutageLog(time, logger);
        _calls = new ShardCalls(grains, _options, time, logger);
        _lanes = new ShardLanes(grains, shardBits, _options, time, logger);
        _held = new HeldShards(1 << shardBits, _options);
        _usage = new UsageReading(_calls, _held, _options, time);
    }

    /// <summary>Grain calls made for puts and gets, and the puts and gets they carried, by a stable name.</summary>
    public IReadOnlyDictionary<string, long> Totals() => _lanes.Totals();

    /// <inheritdoc/>
    /// <exception cref="KeyStoreException">The shard did not answer within the patience, or too many requests wait.</exception>
    public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        using var call = Enter(cancellationToken);
        var shard = GrainKeys.Shard(key, _shardBits);
        var outcome = call.IsWithinQueue
            ? await _lanes.GetAsync(key, cancellationToken)
            : TooMany<StoredValue?>();
        if (outcome.Failed)
        {
            Report(shard, "get", outcome.Failure);
            throw new KeyStoreException(
                $"The cluster's {GrainKeys.ShardName(shard)} does not answer: {outcome.Failure!.Message}", outcome.Failure);
        }

        return outcome.Result is { } value && !value.IsExpired(now + ClockCorrection()) ? value : null;
    }

    /// <inheritdoc/>
    public async ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var call = Enter(cancellationToken);
        var rule = StoreRules.Check(value.Value);
        if (rule != StoreResult.Stored)
        {
            return rule;
        }

        var shard = GrainKeys.Shard(key, _shardBits);
        var outcome = call.IsWithinQueue
            ? await _lanes.PutAsync(new ShardPut(key, _mark.Apply(key, Correct(value, kind)), kind), cancellationToken)
            : TooMany<StoreResult>();
        if (outcome.Failed)
        {
            Report(shard, "put", outcome.Failure);
            return StoreResult.StorageFailed;
        }

        if (outcome.Result == StoreResult.Stored)
        {
            _held.Add(shard);
        }

        return outcome.Result;
    }

    /// <summary>
    /// Has the shards of which <see cref="GetUsageAsync"/> knows remove what is expired. All shards do so each hour by
    /// themselves: an edge has no need of this.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer, or could not write; others may have removed theirs.</exception>
    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        using var call = Enter(cancellationToken);
        var removed = 0;
        var together = new ParallelOptions { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(_held.All(), together, async (shard, cancel) => Interlocked.Add(
            ref removed, await _calls.CallAsync(shard, "expire", grain => grain.RemoveExpiredAsync(now), cancel)));
        return removed;
    }

    /// <summary>
    /// All keys of the cluster, shard by shard as the reader goes on. It wakes every shard (128 by default, most of
    /// which may hold nothing), at a call each and one more per page: for tools, not for work that recurs.
    /// What an edge's node has to hand to newcomers comes far cheaper from <see cref="ScanningFor"/>.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(CancellationToken cancellationToken = default) =>
        ScanAsync(static _ => true, cancellationToken);

    /// <summary>
    /// What the shards hold that this store has put to, or met in a scan; the cluster's whole only if it has no more than
    /// 64 shards, as asking would wake those that hold nothing. At most every five seconds 64 shards are asked, in turn,
    /// so that a question each second costs little; the sum is as old as that.
    /// </summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public async ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        using var call = Enter(cancellationToken);
        return await _usage.ReadAsync(cancellationToken);
    }

    /// <summary>Nothing: silos count what their shards evict.</summary>
    public StoreTurnover Turnover => default;

    /// <inheritdoc/>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

    /// <summary>
    /// What to add to this process's clock for the cluster's time, which decides which of two puts came first. Zero unless set.
    /// </summary>
    internal Func<TimeSpan> ClockCorrection { get; init; } = static () => TimeSpan.Zero;

    /// <summary>Marks values that are put from now on. Node ids that share the store have an area each, see <see cref="ScanningFor"/>.</summary>
    public void SetArea(ResponsibleArea area) => _mark.SetArea(area);

    /// <summary>
    /// This store for one node id: the same calls and batches, but a scan visits only the shards in which the node may
    /// have something to hand to newcomers, judged by the table as it is then (see <see cref="HandOffScope"/>).
    /// Disposing it does nothing.
    /// </summary>
    public IKeyStore ScanningFor(IRoutingTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new NeighbourhoodKeyStore(this, table);
    }

    /// <summary>Refuses further calls and waits for those under way, which all end within the patience.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && Interlocked.CompareExchange(ref _pending, 0, 0) == 0)
        {
            _drained.TrySetResult();
        }

        await _drained.Task;
        _usage.Dispose();
    }

    internal async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        Func<BucketRange, bool> includes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Not counted among the calls under way: nobody says when a reader reads on.
        using (Enter(cancellationToken))
        {
        }

        var shards = Enumerable.Range(0, 1 << _shardBits).Select(shard => (long)shard)
            .Where(shard => includes(Range(shard)));
        var scan = new ShardScan(_calls, _held, _options);
        await foreach (var entry in scan.ReadAsync(shards, cancellationToken))
        {
            yield return entry;
        }
    }

    /// <summary>Has a key published no more; false if the cluster did not publish it.</summary>
    /// <exception cref="KeyStoreException">The shard did not answer, or could not write.</exception>
    internal async ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var ended = await _calls.CallAsync(
            GrainKeys.Shard(key, _shardBits), "unpublish", grain => grain.UnpublishAsync([key]), cancellationToken);
        return ended[0];
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

    private BucketRange Range(long shard)
    {
        var bits = (int)shard << (16 - _shardBits);
        var prefix = new byte[NodeId.Length];
        (prefix[0], prefix[1]) = ((byte)(bits >> 8), (byte)bits);
        return new BucketRange(new NodeId(prefix), _shardBits);
    }

    private static LaneOutcome<T> TooMany<T>() =>
        LaneOutcome<T>.FailedBy(new InvalidOperationException("Too many requests wait for the cluster's shards already."));

    private void Report(long shard, string kind, Exception? cause)
    {
        ClusterMetrics.ShardFailures.Add(1, new KeyValuePair<string, object?>("kad.shard.call", kind));
        _outages.Add(GrainKeys.ShardName(shard), 1, cause);
    }

    private UnderWay Enter(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new UnderWay(this, Interlocked.Increment(ref _pending) <= _options.TotalQueue);
        if (Volatile.Read(ref _disposed) == 0)
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
            if (Interlocked.Decrement(ref store._pending) == 0 && Volatile.Read(ref store._disposed) != 0)
            {
                store._drained.TrySetResult();
            }
        }
    }
}
