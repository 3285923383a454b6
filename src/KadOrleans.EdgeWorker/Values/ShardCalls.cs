using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>Calls to shards that are not batched: tried again when they did not get through, within the patience.</summary>
internal sealed class ShardCalls(IGrainFactory grains, GrainKeyStoreOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>Asks a shard.</summary>
    /// <exception cref="KeyStoreException">It did not answer in time, or failed.</exception>
    public async Task<T> CallAsync<T>(
        long shard, string kind, Func<IKeyShardGrain, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IKeyShardGrain>(shard);
        var started = time.GetTimestamp();
        for (var delay = options.FirstBackOff; ; delay = GrainFailures.Next(delay, options.LongestBackOff))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var left = options.Patience - time.GetElapsedTime(started);
            try
            {
                ClusterMetrics.ShardCalls.Add(1, new KeyValuePair<string, object?>("kad.shard.call", kind));
                var called = call(grain).AsTask();
                GrainFailures.Ignore(called);
                return await called.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
            }
            catch (Exception e) when (GrainFailures.IsTransient(e) && delay < left)
            {
                logger.ShardCallRetried(e, GrainKeys.ShardName(shard), delay);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                throw new KeyStoreException($"The cluster's {GrainKeys.ShardName(shard)} does not answer: {e.Message}", e);
            }

            await Task.Delay(delay, time, cancellationToken);
        }
    }
}
