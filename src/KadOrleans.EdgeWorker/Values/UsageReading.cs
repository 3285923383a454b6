using KadOrleans.Node.Ports;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>Sums what shards hold, at a bounded cost however often it is asked.</summary>
internal sealed class UsageReading(ShardCalls calls, HeldShards held, GrainKeyStoreOptions options, TimeProvider time) : IDisposable
{
    // One reader asks the shards; those that come meanwhile wait for what it learns. Guards _readAt.
    private readonly SemaphoreSlim _reading = new(1);
    private long? _readAt;

    public async ValueTask<KeyStoreUsage> ReadAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_readAt is not { } read || time.GetElapsedTime(read) >= options.UsageMaxAge)
            {
                var shards = held.LongestUnasked(options.UsageShards);
                var together = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
                await Parallel.ForEachAsync(shards, together, AskAsync);
                _readAt = time.GetTimestamp();
            }
        }
        finally
        {
            _reading.Release();
        }

        return held.Sum();
    }

    public void Dispose() => _reading.Dispose();

    private async ValueTask AskAsync(long shard, CancellationToken cancellationToken) =>
        held.Note(shard, await calls.CallAsync(shard, "usage", grain => grain.GetUsageAsync(), cancellationToken));
}
