using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// An edge's client for the cluster's shards. Computes the shard of a key. Puts share grain calls, and so do gets, but never with each
/// other: a get never waits for a write. Other requests are a call each. Pending requests are bounded, and each has a timeout.
/// </summary>
internal sealed class ShardClient : IAsyncDisposable
{
    private readonly IGrainFactory _grains;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly OutageLog _outages;
    private readonly GrainCalls _calls;
    private readonly CountedCalls _counted;
    private readonly ShardChannels<ShardPut, StoreResult> _puts;
    private readonly ShardChannels<NodeId, StoredValue?> _gets;

    // Replaced as a whole: callers take it once.
    private volatile Shards _shards;
    private long _absentBefore;
    private long _cachedBefore;
    private long _inOutageBefore;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pending;
    private int _disposed;

    /// <param name="grains">A connected client's, or a silo's.</param>
    /// <param name="layout">The cluster's shards.</param>
    /// <param name="options">Batches, queues and timeouts.</param>
    /// <param name="time">For timeouts and pauses.</param>
    /// <param name="logger">Logs outages.</param>
    public ShardClient(IGrainFactory grains, ShardLayout layout, GrainKeyStoreOptions options, TimeProvider time, ILogger logger)
    {
        (_grains, _options, _time) = (grains, options, time);
        _outages = new OutageLog(time, logger);
        _calls = new GrainCalls(time, logger, options.FirstBackOff, options.LongestBackOff);
        _counted = new CountedCalls(grains);
        _puts = new ShardChannels<ShardPut, StoreResult>(_counted.PutManyAsync, _counted.PutAsync, Map, options, time, logger);
        _gets = new ShardChannels<NodeId, StoredValue?>(
            _counted.GetManyAsync, _counted.GetAsync, Map, options with { Timeout = options.GetTimeout }, time, logger);
        _shards = NewShards(layout, long.MinValue);
    }

    /// <summary>The shards that are called.</summary>
    public ShardLayout Layout => _shards.Layout;

    /// <summary>
    /// Calls more shards from now on, by which those in use were replaced. Pending calls end as they began. What was known of the shards is
    /// forgotten. One call at a time.
    /// </summary>
    public async ValueTask UseAsync(ShardLayout layout)
    {
        var before = _shards;
        if (layout.FirstBits != before.Layout.FirstBits || layout.Bits <= before.Layout.Bits)
        {
            return;
        }

        var after = NewShards(layout, _time.GetTimestamp());
        var halvings = layout.Bits - before.Layout.Bits;
        foreach (var first in before.Known.All().Select(shard => GrainKeys.NumberOf(shard) << halvings))
        {
            for (var i = 0; i < 1 << halvings; i++)
            {
                after.Known.Add(layout.ShardAt(first + i));
            }
        }

        _shards = after;
        if (before.Answers is { } answers)
        {
            Interlocked.Add(ref _absentBefore, answers.Absent);
            Interlocked.Add(ref _cachedBefore, answers.Cached);
            Interlocked.Add(ref _inOutageBefore, answers.InOutage);
            await answers.DisposeAsync();
        }
    }

    /// <summary>
    /// Counts by a stable name: grain calls for puts and gets, the puts and gets in them, and gets without a call.
    /// </summary>
    public IReadOnlyDictionary<string, long> Totals() => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["shards.get.absent"] = Interlocked.Read(ref _absentBefore) + (_shards.Answers?.Absent ?? 0),
        ["shards.get.cached"] = Interlocked.Read(ref _cachedBefore) + (_shards.Answers?.Cached ?? 0),
        ["shards.get.calls"] = _counted.GetCalls,
        ["shards.get.keys"] = _counted.GetKeys,
        ["shards.get.outage"] = Interlocked.Read(ref _inOutageBefore) + (_shards.Answers?.InOutage ?? 0),
        ["shards.news.calls"] = _counted.NewsCalls,
        ["shards.put.calls"] = _counted.PutCalls,
        ["shards.put.values"] = _counted.PutValues,
    };

    /// <summary>The value of a key, expired or not; as old as the options allow. Complete at once if it is known.</summary>
    /// <exception cref="KeyStoreException">Its shard did not answer in time, or too many requests wait.</exception>
    public ValueTask<StoredValue?> GetAsync(NodeId key, CancellationToken cancellationToken)
    {
        var shards = _shards;
        if (shards.Answers is not { } answers || cancellationToken.IsCancellationRequested || Volatile.Read(ref _disposed) != 0)
        {
            return ReadAsync(key, cancellationToken);
        }

        var shard = shards.Layout.ShardOf(key);
        return answers.TryGet(shard, key, out var value)
            ? ValueTask.FromResult(value)
            : new ValueTask<StoredValue?>(answers.AskAsync(shard, key, ReadAsync, cancellationToken));
    }

    /// <summary>The same for a remote node's FIND_VALUE: as old as the options allow in an outage, or a failure soon.</summary>
    /// <exception cref="TimeoutException">Its shard did not answer soon. The get goes on, and is counted and logged if it fails.</exception>
    /// <exception cref="KeyStoreException">Too many requests wait.</exception>
    public ValueTask<StoredValue?> FindAsync(NodeId key)
    {
        var shards = _shards;
        if (shards.Answers is not { } answers || Volatile.Read(ref _disposed) != 0)
        {
            return new ValueTask<StoredValue?>(ReadAsync(key, CancellationToken.None).AsTask().WaitAsync(_options.FindTimeout, _time));
        }

        var shard = shards.Layout.ShardOf(key);
        return answers.TryFind(shard, key, out var value)
            ? ValueTask.FromResult(value)
            : new ValueTask<StoredValue?>(answers.FindAsync(shard, key, ReadAsync));
    }

    /// <summary>What <see cref="FindAsync"/> would return without a call; false if it takes one.</summary>
    public bool TryFind(NodeId key, out StoredValue? value)
    {
        var shards = _shards;
        value = null;
        return shards.Answers is { } answers && answers.TryFind(shards.Layout.ShardOf(key), key, out value);
    }

    /// <summary>Reads the shards' news now, if gets are answered by them.</summary>
    public Task ReadNewsAsync() => _shards.Answers?.ReadNewsAsync() ?? Task.CompletedTask;

    /// <summary>The present value of a key, expired or not.</summary>
    /// <exception cref="KeyStoreException">Its shard did not answer in time, or too many requests wait.</exception>
    public async ValueTask<StoredValue?> ReadAsync(NodeId key, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var shard = Layout.ShardOf(key);
        var outcome = call.IsWithinQueue ? await _gets.AskAsync(key, shard, cancellationToken) : TooMany<StoredValue?>();
        if (outcome.Failure is { } failure)
        {
            Report(shard, "get", failure);
            throw Unanswered(shard, failure);
        }

        return outcome.Result;
    }

    /// <summary>
    /// Puts a value. A put without a response returns <see cref="StoreResult.StorageFailed"/>, and <see cref="StoreResult.Busy"/> if too many
    /// wait.
    /// </summary>
    public async ValueTask<StoreResult> PutAsync(ShardPut put, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var shard = Layout.ShardOf(put.Key);
        var outcome = call.IsWithinQueue ? await AskAsync(put, shard, cancellationToken) : TooMany<StoreResult>();
        if (outcome.Failure is { } failure)
        {
            Report(shard, "put", failure);
            return failure is QueueFullException ? StoreResult.Busy : StoreResult.StorageFailed;
        }

        if (outcome.Result == StoreResult.Stored)
        {
            var shards = _shards;
            shards.Known.Add(shards.Layout.ShardOf(put.Key));
        }

        return outcome.Result;
    }

    /// <summary>Stops publishing a key. Returns false if the cluster did not publish it.</summary>
    /// <exception cref="KeyStoreException">The shard did not answer, or could not write.</exception>
    public async ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var ended = await CallAsync(Layout.ShardOf(key), "unpublish", grain => grain.UnpublishAsync([key]), cancellationToken);
        Changed(key);
        return ended[0];
    }

    /// <summary>Removes expired values from the shards that are known to be in use.</summary>
    /// <exception cref="KeyStoreException">A shard did not answer, or could not write; others may have removed theirs.</exception>
    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        var removed = 0;
        var together = new ParallelOptions { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = cancellationToken };
        var shards = _shards;
        await Parallel.ForEachAsync(shards.Known.All(), together, async (shard, cancel) =>
        {
            Interlocked.Add(ref removed, await CallAsync(shard, "expire", grain => grain.RemoveExpiredAsync(now), cancel));
            shards.Answers?.Changed(shard);
        });
        return removed;
    }

    /// <summary>The usage of the shards that are known to be in use, as old as the options allow.</summary>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public async ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken)
    {
        using var call = Enter(cancellationToken);
        return await _shards.Known.ReadUsageAsync(
            (shard, cancel) => CallAsync(shard, "usage", grain => grain.GetUsageAsync(), cancel), cancellationToken);
    }

    /// <summary>Reads shards page by page, the first pages of a few shards ahead of the reader.</summary>
    /// <param name="region">The keys that are read. A shard that can have none is not called.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    /// <exception cref="KeyStoreException">A shard did not answer.</exception>
    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Not counted among the pending calls: a reader may pause for any time.
        using (Enter(cancellationToken))
        {
        }

        var shards = _shards;
        var ahead = new Queue<(long Shard, Task<IReadOnlyList<ShardPut>> FirstPage)>();
        using var rest = shards.Layout.ShardsOf(region).GetEnumerator();
        while (true)
        {
            while (ahead.Count < _options.Parallelism && rest.MoveNext())
            {
                ahead.Enqueue((rest.Current, ReadPageAsync(rest.Current, region, after: null, cancellationToken)));
            }

            if (!ahead.TryDequeue(out var next))
            {
                yield break;
            }

            for (var page = await next.FirstPage; page.Count > 0; page = await ReadPageAsync(next.Shard, region, page[^1].Key, cancellationToken))
            {
                shards.Known.Add(next.Shard);
                foreach (var (key, value, _) in page)
                {
                    yield return KeyValuePair.Create(key, value);
                }

                if (page.Count < _options.ScanPage)
                {
                    break;
                }
            }
        }
    }

    /// <summary>Refuses further calls and waits for the pending ones, which all end by their timeout.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && Interlocked.CompareExchange(ref _pending, 0, 0) == 0)
        {
            _drained.TrySetResult();
        }

        await _drained.Task;
        var shards = _shards;
        if (shards.Answers is not null)
        {
            await shards.Answers.DisposeAsync();
        }

        shards.Known.Dispose();
    }

    private async Task<ShardOutcome<StoreResult>> AskAsync(ShardPut put, long shard, CancellationToken cancellationToken)
    {
        try
        {
            return await _puts.AskAsync(put, shard, cancellationToken);
        }
        finally
        {
            // Before the caller hears of it, and also if the outcome is not known.
            Changed(put.Key);
        }
    }

    // As the news tell, so with them alone.
    private ShardMap Map() => _shards.Answers?.Map ?? ShardMap.Unknown;

    // Of the shards that are in use by now.
    private void Changed(NodeId key)
    {
        var shards = _shards;
        shards.Answers?.Changed(shards.Layout.ShardOf(key), key);
    }

    private Task<IReadOnlyList<ShardPut>> ReadPageAsync(
        long shard, KeyRegion region, NodeId? after, CancellationToken cancellationToken) =>
        CallAsync(shard, "scan", grain => grain.ScanAsync(region, after, _options.ScanPage), cancellationToken);

    private Shards NewShards(ShardLayout layout, long trustedFrom)
    {
        var answers = _options.MaxStaleness > TimeSpan.Zero ? new EdgeAnswers(layout, _options, _time, _counted.GetNewsAsync, trustedFrom) : null;
        answers?.Begin();
        return new Shards(layout, new KnownShards(layout, _options, _time), answers);
    }

    private async Task<T> CallAsync<T>(
        long shard, string kind, Func<IKeyShardGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        var grain = _grains.GetGrain<IKeyShardGrain>(shard);
        try
        {
            return await _calls.CallAsync(GrainKeys.ShardName(shard), CountedAsync, new TimeLimit(_options.Timeout, _time), cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw Unanswered(shard, e);
        }

        ValueTask<T> CountedAsync()
        {
            CountedCalls.Count(kind);
            return call(grain);
        }
    }

    private static ShardOutcome<T> TooMany<T>() =>
        new(default, new QueueFullException("Too many requests are pending for the cluster's shards."));

    internal static KeyStoreException Unanswered(long shard, Exception failure) =>
        new($"The cluster's {GrainKeys.ShardName(shard)} does not answer: {failure.Message}", failure);

    private void Report(long shard, string kind, Exception cause)
    {
        EdgeMetrics.ShardFailures.Add(1, CountedCalls.Kind(kind));
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

    /// <summary>The shards in use, and what is known of them.</summary>
    /// <param name="Layout">The shards.</param>
    /// <param name="Known">Those that hold something.</param>
    /// <param name="Answers">Answers gets without a call. Null if each get calls its shard.</param>
    private sealed record Shards(ShardLayout Layout, KnownShards Known, EdgeAnswers? Answers);

    private readonly struct UnderWay(ShardClient client, bool isWithinQueue) : IDisposable
    {
        public bool IsWithinQueue => isWithinQueue;

        public void Dispose()
        {
            if (Interlocked.Decrement(ref client._pending) == 0 && Volatile.Read(ref client._disposed) != 0)
            {
                client._drained.TrySetResult();
            }
        }
    }
}
