namespace KadOrleans.Grains;

// Splits all shards, a few at a time. A call to one that is split costs little, and completes a split that was interrupted.
internal sealed class ShardDoubling(IGrainFactory grains, ShardLayout shards, TimeProvider time, ILogger logger)
{
    /// <summary>How many are split at once. Their writes wait, those of the others do not.</summary>
    private const int Parallelism = 4;

    private const int LogLines = 8;

    public int Split { get; private set; }

    /// <summary>The longest time in which one was split, and about as long its writes waited.</summary>
    public TimeSpan Longest { get; private set; }

    // Splits them, until all are. Call it in the turns of a grain. OperationCanceledException: it was cancelled.
    public Task RunAsync(CancellationToken stop) => Parallel.ForAsync(
        0,
        shards.Count,
        new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current, CancellationToken = stop },
        async (number, ending) =>
        {
            await SplitAsync(shards.ShardAt(number), ending);
            if (++Split % Math.Max(1, shards.Count / LogLines) == 0)
            {
                logger.DoublingGoesOn(Split, shards.Count);
            }
        });

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
