using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Splits all shards of a cluster, a few at a time. A shard that was split before is called too: that costs little, and completes a split that
/// was broken off.
/// </summary>
internal sealed class ShardDoubling(IGrainFactory grains, ShardLayout shards, TimeProvider time, ILogger logger)
{
    /// <summary>How many are split at once. Their writes wait, those of the others do not.</summary>
    private const int Parallelism = 4;

    /// <summary>The lines of log for the whole.</summary>
    private const int Lines = 8;

    private int _next;

    public int Split { get; private set; }

    /// <summary>The longest time in which one was split, and about as long its writes waited.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Splits them, until all are. Call it in the turns of a grain.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Parallelism).Select(_ => SplitNextAsync(cancellationToken)));

    private async Task SplitNextAsync(CancellationToken cancellationToken)
    {
        while (_next < shards.Count)
        {
            await SplitAsync(shards.ShardAt(_next++), cancellationToken);
            Split++;
            if (Split % Math.Max(1, shards.Count / Lines) == 0)
            {
                logger.DoublingGoesOn(Split, shards.Count);
            }
        }
    }

    private async Task SplitAsync(long shard, CancellationToken cancellationToken)
    {
        for (var pauses = new BackOff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(15)); ;)
        {
            var started = time.GetTimestamp();
            try
            {
                await grains.GetGrain<IKeyShardGrain>(shard).SplitAsync().AsTask().WaitAsync(cancellationToken);
                Longest = TimeSpan.FromTicks(Math.Max(Longest.Ticks, time.GetElapsedTime(started).Ticks));
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                logger.ShardNotSplit(GrainKeys.ShardName(shard), e.Message);
            }

            await Task.Delay(pauses.Next(), time, cancellationToken);
        }
    }
}
