using System.Runtime.CompilerServices;

namespace KadOrleans.Edge;

/// <summary>Calls to shards without batches: one for each request and shard, or for each page of a scan.</summary>
internal sealed class SingleShardCalls(IGrainFactory grains, GrainKeyStoreOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private const int Parallelism = 8;

    private readonly GrainCalls _calls = new(time, logger, GrainKeyStoreOptions.LongestPause);

    // Guards the two below: one caller asks the shards, and concurrent ones wait for its result.
    private readonly SemaphoreSlim _usageReading = new(1);
    private KeyStoreUsage _usage;
    private long? _usageReadAt;

    public async Task<T> CallAsync<T>(long shard, string kind, Func<IKeyShardGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IKeyShardGrain>(shard);
        try
        {
            return await _calls.CallAsync(
                GrainKeys.ShardName(shard),
                () =>
                {
                    EdgeMetrics.ShardCalls.Add(1, EdgeMetrics.ShardCall(kind));
                    return call(grain);
                },
                new TimeLimit(options.Timeout, time),
                cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw Unanswered(shard, e);
        }
    }

    // Calls all shards, a few at a time. KeyStoreException: one did not answer, or failed. Others may have carried the call out.
    public async Task<IReadOnlyList<T>> CallAllAsync<T>(
        ShardLayout layout, string kind, Func<IKeyShardGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        var results = new T[layout.Count];
        var few = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, layout.Count, few, async (number, cancel) =>
            results[number] = await CallAsync(layout.ShardAt(number), kind, call, cancel));
        return results;
    }

    public async Task<KeyStoreUsage> GetUsageAsync(ShardLayout layout, CancellationToken cancellationToken)
    {
        await _usageReading.WaitAsync(cancellationToken);
        try
        {
            if (_usageReadAt is not { } readAt || time.GetElapsedTime(readAt) >= options.UsageMaxAge)
            {
                var usages = await CallAllAsync(layout, "usage", static shard => shard.GetUsageAsync(), cancellationToken);
                var usage = new KeyStoreUsage(usages.Sum(one => one.Keys), usages.Sum(one => one.Bytes)) { Kept = usages.Sum(one => one.Kept) };
                (_usage, _usageReadAt) = (usage, time.GetTimestamp());
            }

            return _usage;
        }
        finally
        {
            _usageReading.Release();
        }
    }

    /// <summary>Reads shards page by page, the first pages of a few ahead of the reader. A shard without keys of the region is not called.</summary>
    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        ShardLayout layout, KeyRegion region, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ahead = new Queue<(long Shard, Task<IReadOnlyList<ShardPut>> FirstPage)>();
        using var rest = layout.ShardsOf(region).GetEnumerator();
        while (true)
        {
            while (ahead.Count < Parallelism && rest.MoveNext())
            {
                ahead.Enqueue((rest.Current, ReadPageAsync(rest.Current, region, after: null, cancellationToken)));
            }

            if (!ahead.TryDequeue(out var next))
            {
                yield break;
            }

            for (var page = await next.FirstPage; page.Count > 0;)
            {
                foreach (var (key, value, _) in page)
                {
                    yield return KeyValuePair.Create(key, value);
                }

                page = page.Count < options.ScanPage ? [] : await ReadPageAsync(next.Shard, region, page[^1].Key, cancellationToken);
            }
        }
    }

    public void Dispose() => _usageReading.Dispose();

    public static KeyStoreException Unanswered(long shard, Exception failure) =>
        new(ShardUnavailableException.Describe(GrainKeys.ShardName(shard), failure), failure);

    private Task<IReadOnlyList<ShardPut>> ReadPageAsync(long shard, KeyRegion region, NodeId? after, CancellationToken cancellationToken) =>
        CallAsync(shard, "scan", grain => grain.ScanAsync(region, after, options.ScanPage), cancellationToken);
}
